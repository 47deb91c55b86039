#pragma once

// Which value goes when there is no room: S3-FIFO (Yang and others, SOSP 2023) with a budget in bytes.
//
//                         asked for again                      asked for since it came round
//     insert --> small (10 %) ---------------> main  <------------------------------------- main's end
//                   |  not asked for again       |  not asked for
//                   v                            v
//                 ghost (names only) ----+      gone
//                                        |
//     insert of one that is a ghost -----+--> main
//
// A hit only counts; nothing is moved. Pure: no clock, no allocation but the ghosts', no lock.

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace infra::cache {

/// What the policy knows of a value; the store's item derives from it.
struct s3_hook {
    s3_hook* previous = nullptr;
    s3_hook* next = nullptr;
    std::uint64_t fingerprint = 0;
    std::uint32_t cost = 0; ///< bytes
    std::uint8_t hits = 0;  ///< since it entered its queue, at most 3
    bool in_main = false;
};

/// Names of what was evicted from the small queue, oldest first.
class s3_ghosts {
public:
    static constexpr std::size_t cost_of_one = 48; ///< measured, in both containers

    void add(std::uint64_t fingerprint, std::size_t at_most);
    bool take(std::uint64_t fingerprint);
    std::size_t size() const noexcept { return order_.size(); }

private:
    void drop_oldest();

    std::deque<std::uint64_t> order_;
    std::uint64_t first_ = 0;                                           // the number of order_.front()
    boost::unordered_flat_map<std::uint64_t, std::uint64_t> number_of_; // the latest of each
};

class s3_fifo {
public:
    explicit s3_fifo(std::size_t capacity) noexcept;
    s3_fifo(const s3_fifo&) = delete;
    s3_fifo& operator=(const s3_fifo&) = delete;

    bool has_room_for(std::size_t cost) const noexcept { return used() + cost <= capacity_; }

    /// The one to be dropped, taken out already; null when there is none.
    s3_hook* evict();

    void insert(s3_hook& fresh);
    /// Many may at once, and one of their hits may be lost; all else is for one at a time, with nobody who touches.
    static void touch(s3_hook& hit) noexcept {
        const std::atomic_ref hits(hit.hits);
        if (const auto n = hits.load(std::memory_order_relaxed); n < 3) // what does not change stays in every cache
            hits.store(n + 1, std::memory_order_relaxed);
    }
    void erase(s3_hook& gone) noexcept;
    /// `fresh` takes the place of `old`, and its merits.
    void replace(s3_hook& old, s3_hook& fresh) noexcept;

    std::size_t used() const noexcept { return small_.cost + main_.cost + ghosts_.size() * s3_ghosts::cost_of_one; }
    std::size_t capacity() const noexcept { return capacity_; }
    std::size_t count() const noexcept { return small_.count + main_.count; }

private:
    struct queue {
        s3_hook end; ///< next: the newest; previous: the oldest
        std::size_t cost = 0;
        std::size_t count = 0;

        queue() noexcept { end.previous = end.next = &end; }
        void push(s3_hook& h) noexcept;
        void remove(s3_hook& h) noexcept;
        s3_hook* oldest() noexcept { return end.previous == &end ? nullptr : end.previous; }
    };

    queue& queue_of(const s3_hook& h) noexcept { return h.in_main ? main_ : small_; }
    s3_hook* evict_from_small();
    s3_hook* evict_from_main() noexcept;

    const std::size_t capacity_;
    queue small_;
    queue main_;
    s3_ghosts ghosts_;
};

} // namespace infra::cache
