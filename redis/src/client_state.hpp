#pragma once

// What a client's handle and its calls under way share.

#include "cluster_calls.hpp"
#include "lane.hpp"
#include "sentinel_watch.hpp"
#include "session_pool.hpp"
#include "subscriber.hpp"
#include "trackers.hpp"

#include <infra/redis.hpp>

#include <atomic>
#include <memory>
#include <vector>

namespace infra::redis::detail {

class client_state : public std::enable_shared_from_this<client_state> {
public:
    client_state(std::vector<executor> loops, const options& to, clock& time);

    using self = std::shared_ptr<client_state>;
    static awaitable<reply> one(self s, command&& c, std::optional<deadline> limit);
    static awaitable<std::vector<reply>> all(self s, batch b, std::optional<deadline> limit);
    static awaitable<std::vector<reply>> transaction(self s, batch b, std::optional<deadline> limit);
    static awaitable<std::vector<std::string>> masters(self s, std::optional<deadline> limit);
    static awaitable<reply> at_master(self s, std::string master, command c, std::optional<deadline> limit);
    static awaitable<session> lease(self s, std::optional<deadline> limit);
    static awaitable<session> lease_for(self s, std::string key, std::optional<deadline> limit);
    static awaitable<subscription> subscribe(self s, subscribe_request request, std::optional<deadline> limit);
    tracking track(track_request request, std::weak_ptr<change_listener> to);
    static awaitable<void> stop(self s, deadline limit);

    client_status status() const;
    clock& time() const noexcept { return common_->time(); }
    void let_go() noexcept;

private:
    using lane_ptr = std::shared_ptr<lane>;

    /// That of the caller's own loop; null when he is elsewhere.
    lane* lane_on(const executor& ex) const noexcept;
    const lane_ptr& any_lane() noexcept;
    deadline limit_of(std::optional<deadline> limit) const;
    static awaitable<void> refuse_stopped();

    /// Its connection. With the first one the ear for what sentinels tell is opened.
    pipeline& use(lane& l);
    void begin_to_watch();
    void master_moved(const address& to, const address* by);

    /// Awaits on the caller's loop, or on another of the client's where he is elsewhere, what `make` makes there.
    template <class T>
    static awaitable<T> among_nodes(self s, std::function<awaitable<T>(lines_ptr)> make, deadline limit,
                                    postage takes = {});
    static awaitable<std::vector<reply>> all_of_cluster(self s, std::vector<command> commands, deadline limit);
    static awaitable<std::vector<reply>> transaction_in_cluster(self s, part all, deadline limit);
    static awaitable<reply> one_of_cluster(self s, command c, std::optional<deadline> limit);
    static awaitable<reply> blocking_in_cluster(self s, command c, std::optional<deadline> limit);
    static awaitable<reply> wait_at(self s, address at, bool asking, command c, deadline room_by, deadline by);
    static awaitable<address> owner_of(self s, std::uint16_t slot, deadline limit);
    void watch_cluster();
    static awaitable<void> rest_of(std::shared_ptr<lane> l);

    static awaitable<reply> plain(self s, command c, std::optional<deadline> limit);
    static awaitable<reply> special(self s, command c, std::optional<deadline> limit);
    static awaitable<reply> from_afar(self s, command c, deadline limit);
    static awaitable<reply> blocking(self s, command c, std::optional<deadline> limit);
    static awaitable<reply> wait_once(self s, command c, deadline room_by, deadline by);
    static awaitable<std::vector<reply>> on_lane(self s, lane_ptr on, std::vector<command> commands, bool atomic,
                                                 deadline limit);
    static awaitable<std::vector<reply>> on_any_lane(self s, std::vector<command> commands, bool atomic,
                                                     deadline limit);
    static awaitable<std::vector<reply>> with_scripts(self s, std::vector<command> commands, deadline limit);
    static awaitable<void> rest(self s);
    static awaitable<void> all_ended(self s);

    const std::shared_ptr<common> common_;
    std::vector<lane_ptr> lanes_;
    const std::shared_ptr<session_pool> sessions_;
    const std::shared_ptr<subscriber> subscriber_;
    const std::shared_ptr<sentinel_watch> watch_; // null without sentinels
    const std::shared_ptr<trackers> trackers_;
    std::atomic<std::size_t> turn_{0};
    std::atomic<bool> listened_{false}; // somebody has subscribed
    std::atomic<bool> stopping_{false};
};

} // namespace infra::redis::detail
