#pragma once

// What a client's handle and its calls under way share.

#include "lane.hpp"
#include "session_pool.hpp"
#include "subscriber.hpp"
#include "tracker.hpp"

#include <infra/redis.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace infra::redis::detail {

class client_state : public std::enable_shared_from_this<client_state> {
public:
    client_state(std::vector<executor> loops, const options& to, clock& time);

    using self = std::shared_ptr<client_state>;
    static awaitable<reply> one(self s, command c, std::optional<deadline> limit);
    static awaitable<std::vector<reply>> all(self s, batch b, std::optional<deadline> limit);
    static awaitable<std::vector<reply>> transaction(self s, batch b, std::optional<deadline> limit);
    static awaitable<session> lease(self s, std::optional<deadline> limit);
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

    static awaitable<reply> plain(self s, command c, std::optional<deadline> limit);
    static awaitable<reply> special(self s, command c, std::optional<deadline> limit);
    static awaitable<reply> from_afar(self s, command c, deadline limit);
    static awaitable<reply> blocking(self s, command c, std::optional<deadline> limit);
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
    std::atomic<std::size_t> turn_{0};
    std::atomic<bool> listened_{false}; // somebody has subscribed
    std::mutex tracking_;
    std::vector<std::weak_ptr<tracker>> trackers_; // guarded by tracking_
    std::atomic<bool> stopping_{false};
};

} // namespace infra::redis::detail
