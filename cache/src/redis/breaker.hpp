#pragma once

// Whether the server is worth asking. Pure: the time is an argument.
//
//              `failures` in a row, one of them after `patience` of silence, or trip()
//     closed -----------------------------------------------------------------> open
//        ^                                          ^                            |
//        | mended(): nothing is owed any more       | as from closed             | answers(): to a probe
//        +-------------------------------------- mending <-----------------------+
//
// That somebody waits for long opens nothing while others are answered, or while nobody has looked yet for what the server
// said: many may have begun in one breath. It is a doubt, on which somebody asks the server once more, and gives it as long
// again. One server dispels it with any answer. In a cluster an answer says nothing of the others, each of which is asked.
//
// While it is open nobody waits for the server: whoever asks is told so at once, and somebody probes behind. While it is
// mended, writes pass, or what is owed would grow as it is paid; reads do not, since what is owed is what they must not see.

#include <infra/base/time.hpp>
#include <infra/cache/redis.hpp>

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <mutex>

namespace infra::cache::redis_backend {

/// Threads: any member from any thread.
class breaker {
public:
    enum class gate : std::uint8_t {
        pass,    ///< ask, and then leave()
        suspect, ///< likewise, and see whether the server answers at all: it is in doubt
        shut,
    };
    /// How an operation ended.
    enum class ending : std::uint8_t {
        answered,
        failed,
        abandoned, ///< by its caller: tells something only if the server had been silent for long
        lost,      ///< with its loop: tells nothing
    };
    /// What that says of the server.
    enum class finding : std::uint8_t {
        nothing,
        doubt, ///< see whether it answers at all
        away,  ///< this has opened it
    };

    /// An operation of somebody who asks, on his frame: it is over when that goes, with its loop if not before.
    class visit : public boost::intrusive::list_base_hook<> {
    public:
        explicit visit(breaker& to) noexcept : to_(to) {}
        ~visit() { to_.leave(*this, ending::lost, {}); }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;

    private:
        friend class breaker;
        breaker& to_;
        steady_time asked_{};
    };

    enum class whole : std::uint8_t {
        one_server,
        cluster,
    };
    breaker(const breaker_options& o, whole behind) noexcept : options_(o), behind_(behind) {}

    gate enter(visit& v, steady_time now, bool reads);

    /// Once; who is not there leaves nothing behind.
    finding leave(visit& v, ending how, steady_time now);

    /// Opens it, or has it mended once more where it is being mended. True if it was closed.
    bool trip();

    void answers(steady_time now);

    /// Closes it, unless it is to be mended once more. True if it was not closed and is now.
    bool mended(steady_time now);

    bool is_closed() const;

private:
    bool open() noexcept;
    bool begins_to_doubt(steady_time now) noexcept;
    void dispel_doubt(steady_time now) noexcept;

    const breaker_options options_;
    const whole behind_;
    mutable std::mutex mutex_;
    // All guarded by mutex_.
    enum class state : std::uint8_t { closed, open, mending } state_ = state::closed;
    int failures_ = 0;                                                                     // in a row
    boost::intrusive::list<visit, boost::intrusive::constant_time_size<false>> under_way_; // the oldest first
    steady_time unanswered_ = steady_time::max(); // the first to be asked of those that left so, since the last doubt
    steady_time answered_at_{};
    steady_time doubted_at_{}; // or it was dispelled: a question within `patience`, however many wait
    bool again_ = false;       // tripped while it is mended: there may be more to do than is known to who mends it
    steady_time mended_at_{};  // what was asked before says nothing about the server that is back
};

} // namespace infra::cache::redis_backend
