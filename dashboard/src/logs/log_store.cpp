#include "log_store.hpp"

#include <infra/base/error.hpp>

#include <algorithm>

namespace infra::dashboard {
namespace {

std::string_view text_field(const logging::record_view& line, std::string_view key) noexcept {
    const auto found = std::ranges::find(line.fields, key, &logging::record_field::key);
    return found != line.fields.end() && found->value.type() == field_value::kind::text ? found->value.text()
                                                                                        : std::string_view();
}

} // namespace

bool log_store::is_look(const logging::record_view& line) const noexcept {
    return line.module == "http" && line.severity < level::warn && !looked_at_.empty() &&
           text_field(line, "method") == "GET" && text_field(line, "route").starts_with(looked_at_);
}

logging::record_sink::outcome log_store::write(std::span<const logging::record_view> records) noexcept {
    groups.note(records);
    if (warned_)
        for (const auto& each : records)
            if (each.severity >= level::warn)
                warned_(each);
    const auto is_ours = [this](const auto& line) { return is_look(line); };
    if (std::ranges::none_of(records, is_ours))
        return lines.write(records);
    try {
        worth_keeping_.assign(records.begin(), records.end());
        std::erase_if(worth_keeping_, is_ours);
    } catch (...) {
        return {.failure = code_of(std::current_exception())};
    }
    auto result = lines.write(worth_keeping_);
    if (!result.failure)
        result.taken = records.size();
    return result;
}

} // namespace infra::dashboard
