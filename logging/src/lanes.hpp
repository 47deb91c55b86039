#pragma once

// One ring for each thread that logs into a pipeline, kept for the next thread when that one ends.

#include "ring.hpp"
#include "ring_file.hpp"

#include <infra/base/telemetry.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace infra::logging::detail {

/// A number that only one thread changes, and any reads.
class counter {
public:
    void add(std::uint64_t n) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    operator std::uint64_t() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

inline constexpr std::size_t level_count = 4;
using level_counts = std::array<counter, level_count>;

/// What a lane's `writing` says beside a time.
inline constexpr std::uint64_t not_writing = 0, about_to_write = 1;

struct lane {
    explicit lane(std::size_t bytes) : records(bytes) {}
    lane(std::size_t bytes, ring_memory lent) : records(bytes, lent), is_lent(true) {}
    ~lane() { discard(); }
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;

    /// Forgets what nobody will read.
    void discard() noexcept;

    ring records;
    const bool is_lent = false; // the ring's memory is a file's

    // Of the thread that owns it.
    level_counts accepted;
    level_counts dropped;
    std::atomic<std::uint64_t> writing{not_writing}; // the time of the record that is being written

    // Bytes of records that were too long for the ring and wait elsewhere.
    std::atomic<std::size_t> elsewhere{0};

    // Of the thread that reads.
    ring::position seen_end = 0; // in the round before
    std::uint64_t stuck_at = not_writing;
    unsigned stuck_for = 0; // rounds
    std::uint64_t told_dropped = 0;

    std::atomic<bool> taken{false};
    std::thread::id owner; // guarded by the mutex of lanes, and still while taken
};

class lanes {
public:
    /// With a file, the rings are there; it outlives the lanes.
    explicit lanes(std::size_t ring_bytes, ring_file* in = nullptr);
    ~lanes();
    lanes(const lanes&) = delete;
    lanes& operator=(const lanes&) = delete;

    /// This thread's; made when it first asks. Null if the thread's own objects have been destroyed already (static
    /// destructors) or memory is short.
    lane* mine() noexcept {
        const auto& last = last_used();
        return last.of == number_ ? last.found : find_mine();
    }

    /// For whoever has none; the caller holds last_words_mutex.
    lane* last_words() noexcept;
    std::mutex last_words_mutex;

    /// All of them. The first call after one was added allocates.
    const std::vector<lane*>& all();

    template <class Function>
    void for_each(Function f) const {
        const std::scoped_lock lock(mutex_);
        for (const auto& each : lanes_)
            f(*each);
    }

    /// In the child after a fork: the other threads are gone, and what waits is the parent's to write, as is the file.
    void keep_only_mine() noexcept;

    std::mutex& mutex() noexcept { return mutex_; }

private:
    struct cache {
        std::uint64_t of;
        lane* found;
    };
    static cache& last_used() noexcept {
        static constinit thread_local cache one{0, nullptr};
        return one;
    }
    [[gnu::noinline]] lane* find_mine() noexcept;
    std::shared_ptr<lane> acquire();
    std::shared_ptr<lane> make_lane();

    const std::uint64_t number_; // never used twice in a process
    const std::size_t ring_bytes_;
    ring_file* const file_;

    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<lane>> lanes_; // guarded by mutex_
    std::shared_ptr<lane> last_words_;         // guarded by last_words_mutex

    std::atomic<std::size_t> count_{0};
    std::vector<lane*> known_; // of the thread that reads

    friend struct lanes_of_thread;
};

} // namespace infra::logging::detail
