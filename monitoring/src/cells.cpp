#include "cells.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include <pthread.h>

namespace infra::monitoring::detail {
namespace {

// Never destroyed: threads and static destructors may count until the very end.
struct house {
    std::mutex mutex;                                           // held over a fork
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
        auto made = std::make_unique<shard>();
        h.shards.push_back(made.get());
        return made.release();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void give_back(void*) noexcept {
    auto& h = the_house();
    const std::scoped_lock lock(h.mutex);
    h.idle.push_back(std::exchange(my_shard, nullptr));
}

// A pthread key's destructor runs after those of all C++ thread_locals, which may count too; and again, should another
// key's destructor count after it. On the main thread it does not run, so static destructors find their copies.
pthread_key_t end_of_thread() noexcept {
    static const auto key = [] {
        pthread_key_t made{};
        ::pthread_key_create(&made, &give_back);
        return made;
    }();
    return key;
}

// A fork must not find them half made.
[[maybe_unused]] const auto& house_before_any_thread = the_house();
[[maybe_unused]] const auto key_before_any_thread = end_of_thread();

shard* move_in() noexcept {
    auto* const taken = take_shard();
    if (taken)
        ::pthread_setspecific(end_of_thread(), taken);
    return taken;
}

cell* add_page(shard& to, std::uint32_t index) noexcept {
    auto* page = new (std::nothrow) cell[page_cells]();
    to.pages[index / page_cells].store(page, std::memory_order_release);
    return page;
}

} // namespace

constinit thread_local shard* my_shard = nullptr;

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
        if (auto* const page = each->page_of(first_))
            for (std::uint32_t i = 0; i < count_; ++i)
                page[first_ % page_cells + i].store(0, std::memory_order_relaxed);
    try {
        h.vacant[count_].push_back(first_);
    } catch (const std::bad_alloc&) { // these cells stay unused
    }
}

[[gnu::cold]] cell* cell_range::touch() const noexcept {
    if (!my_shard)
        my_shard = move_in();
    if (!my_shard)
        return nullptr;
    auto* page = my_shard->page_of(first_);
    if (!page)
        page = add_page(*my_shard, first_);
    return page ? page + first_ % page_cells : nullptr;
}

void before_fork_of_cells() noexcept { the_house().mutex.lock(); }
void after_fork_of_cells() noexcept { the_house().mutex.unlock(); }

// Not for other threads to take: what stands in them may be half an observation.
void orphan_cells_of_others() noexcept {
    const auto& h = the_house();
    for (auto* const each : h.shards)
        if (each != my_shard && std::ranges::find(h.idle, each) == h.idle.end())
            each->orphaned = true;
}

cell_reader::cell_reader() {
    auto& h = the_house();
    const std::scoped_lock lock(h.mutex);
    shards_.assign(h.shards.begin(), h.shards.end());
}

} // namespace infra::monitoring::detail
