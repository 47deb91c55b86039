#pragma once

// What the dashboard keeps of the log: the lines, and what of them is counted.

#include "error_groups.hpp"
#include "log_ring.hpp"

#include <functional>
#include <utility>

namespace infra::dashboard {

/// Added to the pipeline as an output. Threads: as the ring and the groups.
class log_store final : public logging::record_sink {
public:
    /// Whoever wants to hear of warnings and errors: must not throw, log or take long.
    using listener = std::function<void(const logging::record_view&)>;

    log_store(std::size_t max_bytes, listener warned = {}) : lines(max_bytes), warned_(std::move(warned)) {}

    outcome write(std::span<const logging::record_view> records) noexcept override {
        groups.note(records);
        if (warned_)
            for (const auto& each : records)
                if (each.severity >= level::warn)
                    warned_(each);
        return lines.write(records);
    }

    log_ring lines;
    error_groups groups;

private:
    const listener warned_;
};

} // namespace infra::dashboard
