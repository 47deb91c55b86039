#pragma once

// What this node hears: only of channels that somebody here wants, each up to a known place.

#include "bell.hpp"
#include "channel_place.hpp"
#include "control.hpp"
#include "ground.hpp"
#include "pace.hpp"

#include <infra/runtime/promise.hpp>

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace infra::realtime::over_redis {

/// Threads: want(), unwant() and ready() from any; the rest on the loop.
class hearing {
public:
    hearing(ground& on, control& c) : on_(on), control_(c) {}

    void want(const std::string& channel);
    void unwant(const std::string& channel);
    /// Returns once a channel that is wanted is heard from a known place on; at once for any other.
    awaitable<void> ready(std::string channel);

    void begin(const executor& ex);
    awaitable<void> subscribe(); ///< returns once the server has confirmed; tries until then
    awaitable<void> follow_wants();
    awaitable<void> listen();
    awaitable<void> read_on();
    awaitable<void> check();
    void link_is_up();
    void link_is_down();
    void close();

private:
    struct heard_channel {
        explicit heard_channel(std::string n, bool has_history) : name(std::move(n)), place(has_history) {}
        const std::string name;
        channel_place place;
        bool is_heard = false; ///< subscribed
        bool is_late = false;  ///< its clients heard this node alone before
        bool is_queued = false;
    };
    using channels = std::unordered_map<std::string, heard_channel>; // by name in pub/sub

    redis::subscribe_request request_for(std::vector<std::string> names) const;
    void take_changes();
    awaitable<bool> subscribe_some();
    void now_heard(const std::string& name);
    void set_ready(const std::string& channel);
    void hear(const redis::message& m);
    void hear_all_anew();
    void tell(const heard_channel& of, std::vector<event> events);
    void tell(const heard_channel& of, const gap& what);
    void queue(heard_channel& which);
    struct questions {
        std::vector<std::string> names{}; ///< in pub/sub
        redis::batch commands{};
    };
    questions next_questions();
    awaitable<bool> read_some();
    void take(heard_channel& of, redis::reply r);
    awaitable<void> check_some(std::vector<std::string> names);

    ground& on_;
    control& control_;
    bell wants_bell_, read_bell_, check_bell_;
    std::optional<redis::subscription> ear_;
    std::uint64_t missed_ = 0;
    channels channels_;
    std::set<std::string> unheard_;   // names in pub/sub: to be subscribed
    std::deque<std::string> to_read_; // names in pub/sub
    pace reading_{4'000, 32'000};     // items

    std::mutex mutex_;
    std::set<std::string> wanted_;                              // guarded by mutex_
    std::set<std::string> changed_;                             // guarded by mutex_
    std::set<std::string> ready_;                               // guarded by mutex_
    std::map<std::string, std::vector<promise<void>>> waiting_; // guarded by mutex_; for ready
};

/// The reply of scripts::read.
struct history_reply {
    position now{};
    std::uint64_t read_to = 0; ///< less than `now`: there is more
    struct entry {
        std::uint64_t offset = 0;
        std::string text{};
        bool expired = false;
        std::chrono::milliseconds age{};
    };
    std::vector<entry> entries{};
};
history_reply history_in(redis::reply r);
redis::command read_command(const ground& on, const std::string& channel, const std::optional<position>& from,
                            std::size_t limit, bool by_node);

/// What a client that was at `from` is given: all, or nothing. `r` may have more than was asked for.
missed missed_since(const std::optional<position>& from, std::size_t limit, const history_reply& r);

} // namespace infra::realtime::over_redis
