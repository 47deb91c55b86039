#pragma once

#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::tests {

/// The lines that were logged, as `warn job stalled …`, while it lives.
class captured_log {
public:
    captured_log() {
        lines().clear();
        telemetry::install(&table);
    }
    ~captured_log() { telemetry::install(static_cast<const telemetry::log_functions*>(nullptr)); }

    /// Whether a line or one of its fields says so.
    static bool mentions(std::string_view text) {
        const std::scoped_lock lock(mutex());
        return std::ranges::any_of(lines(), [&](const auto& each) { return each.find(text) != each.npos; });
    }

    /// Whether a line that begins so says it.
    static bool mentions(std::string_view beginning, std::string_view text) {
        const std::scoped_lock lock(mutex());
        return std::ranges::any_of(
            lines(), [&](const auto& each) { return each.starts_with(beginning) && each.find(text) != each.npos; });
    }

    static std::size_t count(std::string_view line) {
        const std::scoped_lock lock(mutex());
        return static_cast<std::size_t>(
            std::ranges::count_if(lines(), [&](const auto& each) { return each.starts_with(line); }));
    }

private:
    static std::vector<std::string>& lines() {
        static std::vector<std::string> all;
        return all;
    }
    static std::mutex& mutex() {
        static std::mutex one;
        return one;
    }
    static void write(const log_record& r) noexcept {
        const std::scoped_lock lock(mutex());
        auto& line = lines().emplace_back(std::string(infra::to_string(r.severity)).append(" ").append(r.message));
        for (const auto& [key, value] : r.fields)
            if (value.type() == field_value::kind::text)
                line.append(" ").append(key).append("=").append(value.text());
        if (const auto trace = to_hex(r.span.trace); r.span.valid())
            line.append(" trace_id=").append(trace.data(), trace.size());
    }
    static constexpr telemetry::log_functions table{.enabled = [](level, std::string_view) noexcept { return true; },
                                                    .write = &write};
};

} // namespace infra::queue::tests
