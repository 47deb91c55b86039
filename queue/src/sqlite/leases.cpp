#include "leases.hpp"

#include <algorithm>
#include <utility>

namespace infra::queue::sqlite {
namespace {

constexpr std::size_t most_in_block = 64; // together they fit a page

} // namespace

void lease_book::load(database& db) {
    blocks_.clear();
    block_of_.clear();
    changed_.clear();
    filling_ = nullptr;
    query q(db, "SELECT block, worker, jobs FROM infra_active");
    while (q.step()) {
        auto& read = add_block(q.integer(0), q.text(1));
        read.jobs = unpacked<lease_row>(q, 2);
        for (const auto& held : read.jobs)
            block_of_[held.seq] = &read;
    }
    find_bounds();
}

void lease_book::save(database& db) {
    for (auto* each : std::exchange(changed_, {})) {
        each->is_changed = false;
        if (!each->jobs.empty()) {
            query(db, "INSERT OR REPLACE INTO infra_active (block, worker, jobs) VALUES (?1, ?2, ?3)")
                .bind(each->number, each->lessee, packed(each->jobs))
                .run();
            continue;
        }
        query(db, "DELETE FROM infra_active WHERE block = ?1").bind(each->number).run();
        if (filling_ == each)
            filling_ = nullptr;
        blocks_.erase(each->number);
    }
}

lease_row* lease_book::place_of(std::int64_t seq) noexcept {
    const auto found = block_of_.find(seq);
    return found == block_of_.end() ? nullptr : &*std::ranges::find(found->second->jobs, seq, &lease_row::seq);
}

const lease_row* lease_book::find(std::int64_t seq) const noexcept {
    return const_cast<lease_book*>(this)->place_of(seq);
}

const lease_row* lease_book::find(std::int64_t seq, std::int64_t fence) const noexcept {
    const auto* held = find(seq);
    return held && held->fence == fence ? held : nullptr;
}

void lease_book::add(const lease_row& held, std::string_view lessee) {
    auto& to = with_room(lessee);
    to.jobs.push_back(held);
    block_of_[held.seq] = &to;
    include(held.until);
    changed(to);
}

void lease_book::remove(std::int64_t seq) {
    const auto found = block_of_.find(seq);
    auto& from = *found->second;
    const auto place = std::ranges::find(from.jobs, seq, &lease_row::seq);
    *place = from.jobs.back();
    from.jobs.pop_back();
    block_of_.erase(found);
    changed(from);
}

void lease_book::extend(std::int64_t seq, std::int64_t until) {
    place_of(seq)->until = until;
    include(until);
    changed(*block_of_.at(seq));
}

void lease_book::mark(std::int64_t seq, std::int64_t mark) {
    place_of(seq)->marks |= mark;
    changed(*block_of_.at(seq));
}

void lease_book::find_bounds() noexcept {
    bounds_ = {};
    for (const auto& [number, each] : blocks_)
        for (const auto& held : each.jobs)
            include(held.until);
}

std::vector<lease_row> lease_book::of_process(std::string_view process) const {
    std::vector<lease_row> found;
    for (const auto& [number, each] : blocks_)
        if (std::string_view(each.lessee).substr(0, each.lessee.find(' ')) == process)
            found.insert(found.end(), each.jobs.begin(), each.jobs.end());
    return found;
}

std::string lease_book::lessee(std::string_view process, std::string_view worker) {
    return std::string(process).append(" ").append(worker);
}

// Older files name the process alone.
std::string lease_book::worker_of(std::int64_t seq) const {
    const auto& lessee = block_of_.at(seq)->lessee;
    const auto space = lessee.find(' ');
    return space == std::string::npos ? std::string() : lessee.substr(space + 1);
}

// One that is half empty rather than a new one; a search that finds one finds room for many.
lease_book::block& lease_book::with_room(std::string_view lessee) {
    if (filling_ && filling_->jobs.size() < most_in_block && filling_->lessee == lessee)
        return *filling_;
    for (auto& [number, each] : blocks_)
        if (each.jobs.size() <= most_in_block / 2 && each.lessee == lessee)
            return *(filling_ = &each);
    const auto next = blocks_.empty() ? 1 : blocks_.rbegin()->first + 1;
    return *(filling_ = &add_block(next, std::string(lessee)));
}

lease_book::block& lease_book::add_block(std::int64_t number, std::string lessee) {
    auto& made = blocks_[number];
    made.number = number;
    made.lessee = std::move(lessee);
    made.jobs.reserve(most_in_block);
    return made;
}

void lease_book::include(std::int64_t until) noexcept {
    bounds_ = {std::min(bounds_.first, until), std::max(bounds_.last, until)};
}

void lease_book::changed(block& b) {
    if (!std::exchange(b.is_changed, true))
        changed_.push_back(&b);
}

} // namespace infra::queue::sqlite
