#pragma once

// How a process hears what happens in queues: one connection, blocked for the streams of all queues that somebody follows, or of
// whose jobs somebody waits for the end.

#include "inbox.hpp"
#include "stream_replies.hpp"

#include <infra/queue/operations.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace infra::queue::redis_backend {

class store;
using shared_store = std::shared_ptr<store>;

/// What somebody wants to hear of a queue.
struct wish {
    std::string queue{};
    entry_id after{}; ///< what he knows already
    job_id end_of{};  ///< of this job alone, and only how it ends; empty: anything
};

/// The end of the job, or nothing: something has happened, look.
using tidings = std::optional<job_event>;

class ear;

/// A wish that is kept until this goes.
///
/// Threads:  one coroutine.
class hearing {
public:
    hearing(shared_store s, ear& by, wish w, const executor& on);
    ~hearing();
    hearing(const hearing&) = delete;
    hearing& operator=(const hearing&) = delete;

    /// After which entry he hears: later than `after` if others were told of some already.
    awaitable<entry_id> begun() const { return begun_.get(); }
    /// Once.
    awaitable<tidings> heard() const { return heard_.get(); }

private:
    const shared_store store_;
    ear& by_;
    const promise<entry_id> begun_;
    const promise<tidings> heard_;
    const std::string queue_;
    const std::uint64_t number_;
};

/// Threads:  any, but for what is said to be the store's loop's.
/// Lifetime: the store's; while it listens it keeps that.
class ear {
public:
    explicit ear(const home& at) : at_(at), brought_(at) {}

    /// Ends all hearings, now and later, with infra::errc::closed.
    void close(const shared_store& s);

private:
    friend class hearing;

    struct listener {
        std::uint64_t number;
        wish wanted;
        promise<entry_id> begun;
        promise<tidings> heard;
    };
    struct gone {
        std::uint64_t number;
        std::string queue;
    };
    struct closing {};
    using message = std::variant<listener, gone, closing>;

    struct followed {
        entry_id read_to;
        std::multimap<job_id, listener> by_job;
    };

    void bring(const shared_store& s, message m);

    // On the store's loop.
    void look(const shared_store& s);
    void see_to(const shared_store& s, listener added);
    void see_to(const shared_store& s, const gone& left);
    void see_to(const shared_store& s, closing);

    void start(const shared_store& s);
    void poke(const shared_store& s);
    awaitable<void> listen(shared_store s);
    awaitable<void> listen_on_a_connection(shared_store s);
    redis::command command_for(const store& s);
    void hear(const store& s, std::vector<stream_part> parts);
    void hear_of(const std::string& queue, followed& of, std::vector<stream_entry> entries);
    static void tell(followed& of, const job_id& whom, const tidings& what);
    void forget_what_nobody_follows();

    const home& at_;
    inbox<message> brought_;
    std::map<std::string, followed, std::less<>> queues_;
    std::vector<std::string> blocked_; ///< that the server was last asked for
    std::string poke_key_;             ///< of ours among them
    entry_id poked_to_;
    bool poked_ = false; ///< since then
    bool listens_ = false;
    bool has_begun_ = false; ///< only what has can be cancelled
    bool closed_ = false;
    std::shared_ptr<asio::cancellation_signal> stop_;
};

} // namespace infra::queue::redis_backend
