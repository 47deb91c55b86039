#pragma once

// Whether the server is worth asking. Pure: the time is an argument.
//
//              `failures` in a row, one of them after `patience` of silence, or trip()
//     closed -----------------------------------------------------------------> open
//        ^                                          ^                            |
//        | mended(): nothing is owed any more       | as from closed             | answers(): to a probe
//        +-------------------------------------- mending <-----------------------+
//
// A silence alone opens nothing: who notices it may be one of many that this process began in one breath, and nobody has
// looked yet for what the server said. It is asked once more, and given as long again.
//
// While it is open nobody waits for the server: whoever asks is told so at once, and somebody probes behind. While it is
// mended, writes pass, or what is owed would grow as it is paid; reads do not, since what is owed is what they must not see.

#include <infra/base/time.hpp>
#include <infra/cache/redis.hpp>

#include <cstdint>
#include <mutex>

namespace infra::cache::redis_backend {

/// Threads: any member from any thread.
class breaker {
public:
    enum class gate : std::uint8_t {
        pass,    ///< ask, and then leave()
        suspect, ///< likewise, and see whether the server answers at all: it has been silent for `patience`
        shut,
    };
    /// How an operation ended.
    enum class ending : std::uint8_t {
        answered,
        failed,
        abandoned, ///< by its caller: tells something only if the server had been silent for long
        lost,      ///< with its loop: tells nothing
    };

    explicit breaker(const breaker_options& o) noexcept : options_(o) {}

    gate enter(steady_time now, bool reads);

    /// True if this has opened it. `asked`: when it entered.
    bool leave(ending how, steady_time asked, steady_time now);

    /// Opens it, or has it mended once more where it is being mended. True if it was closed.
    bool trip();

    void answers(steady_time now);

    /// Closes it, unless it is to be mended once more. True if it was not closed and is now.
    bool mended(steady_time now);

    bool is_closed() const;

private:
    bool open() noexcept;

    const breaker_options options_;
    mutable std::mutex mutex_;
    // All guarded by mutex_.
    enum class state : std::uint8_t { closed, open, mending } state_ = state::closed;
    int failures_ = 0;          // in a row
    std::size_t under_way_ = 0; // asked and not answered
    steady_time quiet_since_{}; // the last answer, or when the first of those under way was asked
    bool suspected_ = false;    // since the last answer
    bool again_ = false;        // tripped while it is mended: there may be more to do than is known to who mends it
    steady_time mended_at_{};   // what was asked before says nothing about the server that is back
};

} // namespace infra::cache::redis_backend
