#pragma once

// Members of this node's channels for all threads, and the word of what changes in the order in which it did.

#include "members.hpp"

#include <infra/base/clock.hpp>

#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

namespace infra::realtime::detail {

/// `tell` is called outside of the lock, by one thread at a time; what changes while it runs, by its own doing too, is told
/// next, by the same thread. It does not throw.
class presence_table {
public:
    using teller = std::function<void(const presence_change&)>;
    presence_table(presence_options options, clock& time, teller tell)
        : time_(time), tell_(std::move(tell)), all_(options) {}

    bool takes(const json::value& info) const { return all_.takes(info); } ///< false: over max_info_bytes

    void add(std::string_view channel, std::string_view user, const client_id& client, json::value info);
    void remove(std::string_view channel, const client_id& client);
    void expire(); ///< now and then: run() of the hub

    std::optional<steady_time> next_expiry() const;
    std::vector<member> snapshot(std::string_view channel) const;
    presence_stats count(std::string_view channel) const;

private:
    void note(std::vector<presence_change> changes, std::unique_lock<std::mutex> lock);

    clock& time_;
    const teller tell_;
    mutable std::mutex mutex_;
    members all_;                       // guarded by mutex_
    std::vector<presence_change> told_; // guarded by mutex_; not told yet
    bool telling_ = false;              // guarded by mutex_
};

} // namespace infra::realtime::detail
