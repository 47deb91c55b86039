#include "cells.hpp"

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace infra::monitoring::detail {
namespace {

constexpr std::uint32_t page_cells = 2048;
constexpr std::uint32_t max_pages = 4096;

// The copies of one thread, a page at a time as they are first touched.
struct shard {
    std::array<std::atomic<cell*>, max_pages> pages{};

    cell* page_of(std::uint32_t index) const noexcept {
        return pages[index / page_cells].load(std::memory_order_acquire);
    }

    cell* add_page(std::uint32_t index) noexcept {
        auto* page = new (std::nothrow) cell[page_cells]();
        pages[index / page_cells].store(page, std::memory_order_release);
        return page;
    }
};

// Never destroyed: threads and static destructors may count until the very end.
struct house {
    std::mutex mutex;
    std::vector<shard*> shards;                                 // guarded by mutex; only grows
    std::vector<shard*> idle;                                   // guarded by mutex; of threads that have ended
    std::uint32_t next = 0;                                     // guarded by mutex
    std::map<std::uint32_t, std::vector<std::uint32_t>> vacant; // guarded by mutex; by size
};
house& the_house() {
    static auto& one = *new house;
    return one;
}

shard* take_shard() noexcept {
    try {
        auto& h = the_house();
        const std::scoped_lock lock(h.mutex);
        if (!h.idle.empty()) {
            auto* const used = h.idle.back();
            h.idle.pop_back();
            return used;
        }
        h.idle.reserve(h.shards.size() + 1); // giving it back must not fail
        h.shards.push_back(nullptr);
        return h.shards.back() = new shard;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

constinit thread_local shard* my_shard = nullptr;
constinit thread_local bool leaving = false; // what this thread counts from now on goes to copies it never gives back

struct lease {
    shard* held = nullptr;
    ~lease() {
        leaving = true;
        my_shard = nullptr;
        auto& h = the_house();
        const std::scoped_lock lock(h.mutex);
        h.idle.push_back(held);
    }
};

[[gnu::noinline]] shard* move_in() noexcept {
    my_shard = take_shard();
    if (my_shard && !leaving) {
        thread_local lease until_exit;
        until_exit.held = my_shard;
    }
    return my_shard;
}

} // namespace

std::optional<cell_range> cell_range::allocate(std::uint32_t count) {
    auto& h = the_house();
    const std::scoped_lock lock(h.mutex);
    if (auto found = h.vacant.find(count); found != h.vacant.end() && !found->second.empty()) {
        const auto first = found->second.back();
        found->second.pop_back();
        return cell_range(first, count);
    }
    auto first = h.next;
    if (first / page_cells != (first + count - 1) / page_cells) // neighbours share a page
        first = (first / page_cells + 1) * page_cells;
    if (first + count > page_cells * max_pages)
        return std::nullopt;
    h.vacant[count].reserve(h.vacant[count].size() + 1);
    h.next = first + count;
    return cell_range(first, count);
}

cell_range::~cell_range() {
    if (count_ == 0)
        return;
    auto& h = the_house();
    const std::scoped_lock lock(h.mutex);
    for (const auto* each : h.shards)
        if (auto* const page = each ? each->page_of(first_) : nullptr)
            for (std::uint32_t i = 0; i < count_; ++i)
                page[first_ % page_cells + i].store(0, std::memory_order_relaxed);
    try {
        h.vacant[count_].push_back(first_);
    } catch (const std::bad_alloc&) { // these cells stay unused
    }
}

[[gnu::noinline]] cell* cell_range::mine() const noexcept {
    auto* const own = my_shard ? my_shard : move_in();
    if (!own)
        return nullptr;
    auto* page = own->pages[first_ / page_cells].load(std::memory_order_relaxed);
    if (!page)
        page = own->add_page(first_);
    return page ? page + first_ % page_cells : nullptr;
}

cell_reader::cell_reader() {
    auto& h = the_house();
    const std::scoped_lock lock(h.mutex);
    shards_.assign(h.shards.begin(), h.shards.end());
}

const cell* cell_reader::copy_of(std::size_t index, const cell_range& range) const noexcept {
    const auto* each = static_cast<const shard*>(shards_[index]);
    const auto* page = each ? each->page_of(range.first_) : nullptr;
    return page ? page + range.first_ % page_cells : nullptr;
}

} // namespace infra::monitoring::detail
