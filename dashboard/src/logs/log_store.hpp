#pragma once

// What the dashboard keeps of the log: the lines, and what of them is counted.

#include "error_groups.hpp"
#include "log_ring.hpp"

namespace infra::dashboard {

/// Added to the pipeline as an output. Threads: as the ring and the groups.
class log_store final : public logging::record_sink {
public:
    explicit log_store(std::size_t max_bytes) : lines(max_bytes) {}

    outcome write(std::span<const logging::record_view> records) noexcept override {
        groups.note(records);
        return lines.write(records);
    }

    log_ring lines;
    error_groups groups;
};

} // namespace infra::dashboard
