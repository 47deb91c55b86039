#pragma once

// Who hears what changes, and when all of it is heard.

#include "lane.hpp"
#include "presence.hpp"
#include "tracking_line.hpp"

#include <infra/redis/tracking.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace infra::redis::detail {

/// One tracking. Its listener is told that changes are heard while they are from every server at which values are read: the
/// one at which all shared connections are, or each master of a cluster and whichever other node a call was sent on to.
/// All on its executor but for the constructor.
class tracker : public std::enable_shared_from_this<tracker> {
public:
    /// `call_away`: has the shared connections leave all servers but this one.
    using call_away_fn = std::function<void(const address& but)>;

    tracker(executor ex, std::shared_ptr<common> shared, track_request wanted, std::weak_ptr<change_listener> to,
            call_away_fn call_away);

    void begin();
    void close();

    /// A shared connection has come to this server, or gone.
    void hear_of(const address& at, presence::change what);

    /// The cluster's map may have changed.
    void look();

    /// The server that matters is there now: a connection to any other is given up.
    void leave_unless_at(const address& there);

private:
    using line_ptr = std::shared_ptr<tracking_line>;
    using by_node = std::unordered_map<address, line_ptr, address_hash>;

    line_ptr open(std::optional<address> at);
    bool go_where_values_are_read();
    void call_together();
    void follow(const address& at, bool again);
    void hearing_changed();
    bool hears_all() const;
    void set_listening(bool listens);
    void changed(const invalidation& what);
    awaitable<void> ask_for_maps();

    const executor executor_;
    const std::shared_ptr<common> common_;
    const track_request wanted_;
    const std::weak_ptr<change_listener> to_;
    const call_away_fn call_away_;
    by_node lines_; // without a cluster one, under no address
    asio::cancellation_signal stop_;
    bool listening_ = false;
    bool begun_ = false;
    bool closed_ = false;
};

/// What a tracking is a handle of.
class tracker_handle {
public:
    tracker_handle(std::weak_ptr<lane> home, std::shared_ptr<tracker> of)
        : home_(std::move(home)), of_(std::move(of)) {}
    ~tracker_handle();
    tracker_handle(const tracker_handle&) = delete;
    tracker_handle& operator=(const tracker_handle&) = delete;

private:
    const std::weak_ptr<lane> home_;
    std::shared_ptr<tracker> of_;
};

} // namespace infra::redis::detail
