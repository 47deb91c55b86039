#pragma once

// All trackings of a client, and how they hear of what it does.

#include "tracker.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace infra::redis::detail {

/// Threads: any, but look(), which is for the first lane's executor.
class trackers : public std::enable_shared_from_this<trackers> {
public:
    trackers(const std::vector<std::shared_ptr<lane>>& lanes, std::shared_ptr<common> shared);

    /// Begins. Throws infra::error, errc::closed, after close().
    std::shared_ptr<tracker> open(track_request wanted, std::weak_ptr<change_listener> to);

    void hear_of(const address& at, presence::change what);
    void look();
    void leave_unless_at(const address& there);
    void close() noexcept;

private:
    std::vector<std::shared_ptr<tracker>> all() const;
    void on_each(const std::function<void(tracker&)>& what);
    tracker::call_away_fn call_away() const;

    const std::weak_ptr<lane> home_;
    const std::vector<std::weak_ptr<lane>> lanes_;
    const std::shared_ptr<common> common_;
    mutable std::mutex mutex_;
    std::vector<std::weak_ptr<tracker>> all_; // guarded by mutex_
    bool closed_ = false;                     // guarded by mutex_
};

} // namespace infra::redis::detail
