#include "lanes.hpp"

#include "record.hpp"

#include <algorithm>
#include <cstdio>

namespace infra::logging::detail {

/// The rings a thread has in all pipelines; given back when it ends.
struct lanes_of_thread {
    struct entry {
        std::uint64_t of;
        std::shared_ptr<lane> held;
    };
    std::vector<entry> entries;

    // True from here on: static destructors run on a thread whose thread_locals are gone.
    static bool& ended() noexcept {
        static constinit thread_local bool has_ended = false;
        return has_ended;
    }
    static lanes_of_thread& of_this_thread() {
        static thread_local lanes_of_thread one;
        return one;
    }

    ~lanes_of_thread() {
        ended() = true;
        lanes::last_used() = {0, nullptr};
        for (const auto& each : entries)
            each.held->taken.store(false, std::memory_order_release);
    }

    // Of pipelines that are gone nobody else holds the rings.
    void forget_orphans() {
        std::erase_if(entries, [](const entry& e) { return e.held.use_count() == 1; });
    }
};

namespace {

std::uint64_t next_number() noexcept {
    static constinit std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

} // namespace

void lane::discard() noexcept {
    auto at = records.begin();
    const auto end = records.end();
    while (char* const found = records.next(at, end)) {
        free_elsewhere(found);
        at += ring::size_of(found);
    }
    records.release(at);
    elsewhere.store(0, std::memory_order_relaxed);
    seen_end = at;
}

lanes::lanes(std::size_t ring_bytes, ring_file* in) : number_(next_number()), ring_bytes_(ring_bytes), file_(in) {}

lanes::~lanes() {
    if (last_used().of == number_)
        last_used() = {0, nullptr};
    for (const auto& each : lanes_) { // which threads may hold longer
        each->discard();
        if (each->is_lent)
            each->records.let_go();
    }
}

lane* lanes::find_mine() noexcept {
    if (lanes_of_thread::ended())
        return nullptr;
    try {
        auto& mine = lanes_of_thread::of_this_thread();
        const auto known = std::ranges::find(mine.entries, number_, &lanes_of_thread::entry::of);
        if (known == mine.entries.end()) {
            mine.forget_orphans();
            mine.entries.reserve(mine.entries.size() + 1);
            mine.entries.push_back({number_, acquire()});
            last_used() = {number_, mine.entries.back().held.get()};
        } else {
            last_used() = {number_, known->held.get()};
        }
        return last_used().found;
    } catch (...) { // no memory for a ring; the line is counted as dropped
        return nullptr;
    }
}

std::shared_ptr<lane> lanes::acquire() {
    const std::scoped_lock lock(mutex_);
    auto found = std::ranges::find_if(lanes_, [](const auto& l) { return !l->taken.load(std::memory_order_acquire); });
    if (found == lanes_.end()) {
        lanes_.push_back(make_lane());
        count_.store(lanes_.size(), std::memory_order_release);
        found = lanes_.end() - 1;
    }
    (*found)->taken.store(true, std::memory_order_relaxed);
    (*found)->owner = std::this_thread::get_id();
    return *found;
}

std::shared_ptr<lane> lanes::make_lane() {
    if (!file_ || !file_->is_in_use())
        return std::make_shared<lane>(ring_bytes_);
    if (const auto memory = file_->add_ring())
        return std::make_shared<lane>(ring_bytes_, *memory);
    static constinit std::atomic<bool> told{false};
    if (!told.exchange(true))
        std::fprintf(stderr,
                     "infra::logging: no room for another thread in the log ring %s; what waits of its lines "
                     "would be lost at SIGKILL\n",
                     file_->path().c_str());
    return std::make_shared<lane>(ring_bytes_);
}

lane* lanes::last_words() noexcept {
    try {
        if (!last_words_)
            last_words_ = acquire();
        return last_words_.get();
    } catch (...) {
        return nullptr;
    }
}

const std::vector<lane*>& lanes::all() {
    if (known_.size() != count_.load(std::memory_order_acquire)) {
        const std::scoped_lock lock(mutex_);
        known_.reserve(lanes_.size());
        for (auto i = known_.size(); i < lanes_.size(); ++i)
            known_.push_back(lanes_[i].get());
    }
    return known_;
}

void lanes::keep_only_mine() noexcept {
    for (const auto& each : lanes_) {
        if (each->is_lent)
            each->records.restart();
        each->discard();
        if (each->owner != std::this_thread::get_id()) {
            each->records.take_over();
            each->writing.store(not_writing, std::memory_order_relaxed);
        }
        each->told_dropped = 0;
        for (const auto& d : each->dropped)
            each->told_dropped += d;
        if (each->owner != std::this_thread::get_id() && each != last_words_)
            each->taken.store(false, std::memory_order_relaxed);
    }
}

} // namespace infra::logging::detail
