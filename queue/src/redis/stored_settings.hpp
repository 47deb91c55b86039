#pragma once

// A queue's settings in BullMQ's `meta`. What it has no field for has one of ours, with a dot in its name.

#include "fields.hpp"

#include <infra/queue/operations.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

struct stored_settings {
    queue_settings settings{};
    int major_version = 0;           ///< of the BullMQ whose Queue was there last; 0: of none
    std::size_t max_events = 10'000; ///< about so many are kept

    /// Up to version 5 what waits in a paused queue stands in `paused`, and resuming puts that in the place of `wait`. Later
    /// ones leave it in `wait`, and put what is in `paused` behind that.
    bool parks_in_paused() const noexcept { return settings.paused && major_version > 0 && major_version <= 5; }
};

stored_settings read_settings(std::string queue, const hash_fields& meta);

/// Of `bullmq:5.81.5` 5; 0 of what is not of that form.
int major_version_in(std::string_view version) noexcept;

struct meta_change {
    hash_fields set{};
    std::vector<std::string> remove{};
};
/// All that a change says but `paused`, which moves jobs.
meta_change to_meta(const settings_change& change);

} // namespace infra::queue::redis_backend
