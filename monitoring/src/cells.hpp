#pragma once

// Numbers that every thread adds to without meeting any other: each thread has its own copy of each cell and is the only
// one that writes it, so that adding is a load, an addition and a store, none of them locked. Reading sums the copies.
//
// A thread that ends gives its copies to the next one that starts, with what is in them: nothing is ever folded, moved
// or freed, so readers need no protection, and memory is bounded by the most threads that ever lived at once.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace infra::monitoring::detail {

using cell = std::atomic<std::uint64_t>;

inline constexpr std::uint32_t page_cells = 2048;
inline constexpr std::uint32_t max_pages = 4096;

struct recollection;

/// The copies of one thread, a page at a time as they are first touched.
struct shard {
    std::array<std::atomic<cell*>, max_pages> pages{};
    bool orphaned = false;         ///< its thread was left behind at a fork, wherever it stood
    recollection* names = nullptr; ///< which series the thread asked for lately (recollection.hpp); the owner's alone

    cell* page_of(std::uint32_t index) const noexcept {
        return pages[index / page_cells].load(std::memory_order_acquire);
    }
};

/// The calling thread's; null until it first counts. Only for functions that are no coroutines and are not inlined: a
/// compiler may keep a thread_local's address across a suspension.
extern constinit thread_local shard* my_shard;

/// Neighbouring cells, by number; zero when allocated.
class cell_range {
public:
    /// Empty when all 8 million cells are taken. At most `largest` at once.
    static std::optional<cell_range> allocate(std::uint32_t count);
    static constexpr std::uint32_t largest = 512;

    cell_range(cell_range&& other) noexcept : first_(other.first_), count_(std::exchange(other.count_, 0)) {}
    cell_range& operator=(cell_range&&) = delete;
    ~cell_range(); ///< nobody may be writing to them any more

    std::uint32_t count() const noexcept { return count_; }

    /// The calling thread's copy; null before it first asked for that.
    cell* mine() const noexcept {
        if (auto* const own = my_shard) [[likely]]
            if (auto* const page = own->pages[first_ / page_cells].load(std::memory_order_relaxed)) [[likely]]
                return page + first_ % page_cells;
        return nullptr;
    }

    /// The same, made for the thread that has none; null if there is no memory, which costs what was to be added.
    cell* touch() const noexcept;

private:
    friend class cell_reader;
    cell_range(std::uint32_t first, std::uint32_t count) noexcept : first_(first), count_(count) {}
    std::uint32_t first_;
    std::uint32_t count_;
};

/// Sees every thread that had written when it was made, and what they write meanwhile.
class cell_reader {
public:
    cell_reader();

    /// One copy for each thread that wrote to `range`, and whether it is orphaned.
    template <class F>
    void for_each_copy(const cell_range& range, F f) const {
        for (const auto* each : shards_)
            if (const cell* page = each->page_of(range.first_))
                f(std::span(page + range.first_ % page_cells, range.count_), each->orphaned);
    }

private:
    std::vector<const shard*> shards_;
};

// Around a fork: fork.cpp.
void before_fork_of_cells() noexcept;
void orphan_cells_of_others() noexcept; ///< in the child, whose only thread calls it
void after_fork_of_cells() noexcept;

} // namespace infra::monitoring::detail
