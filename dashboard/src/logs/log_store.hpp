#pragma once

// What the dashboard keeps of the log: the lines, and what of them is counted.

#include "error_groups.hpp"
#include "log_ring.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace infra::dashboard {

/// Added to the pipeline as an output. Threads: as the ring and the groups.
class log_store final : public logging::record_sink {
public:
    /// Whoever wants to hear of warnings and errors: must not throw, log or take long.
    using listener = std::function<void(const logging::record_view&)>;

    /// Lines of the access log that tell of GETs below `looked_at` are not kept: that somebody looks.
    log_store(std::size_t max_bytes, std::string looked_at, listener warned = {})
        : lines(max_bytes), looked_at_(std::move(looked_at)), warned_(std::move(warned)) {}

    outcome write(std::span<const logging::record_view> records) noexcept override;

    log_ring lines;
    error_groups groups;

private:
    bool is_look(const logging::record_view& line) const noexcept;

    const std::string looked_at_;
    const listener warned_;
    std::vector<logging::record_view> worth_keeping_;
};

} // namespace infra::dashboard
