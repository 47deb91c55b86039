#include "job_ends.hpp"

#include <algorithm>
#include <utility>

namespace infra::queue::sqlite {
namespace {

constexpr std::int64_t numbers_in_block = 64; // together they fit a page
constexpr std::size_t most_blocks = 256;      // in memory: 800 KiB

std::int64_t block_number(std::int64_t seq) noexcept { return seq / numbers_in_block; }

auto place_of(std::vector<job_end>& jobs, std::int64_t seq) { return std::ranges::find(jobs, seq, &job_end::seq); }

} // namespace

job_ends::block& job_ends::block_of(database& db, std::int64_t seq) {
    const auto number = block_number(seq);
    if (const auto known = blocks_.find(number); known != blocks_.end())
        return known->second;
    if (changed_.empty() && blocks_.size() >= most_blocks) // also for those who only read
        blocks_.clear();
    block read;
    {
        query q(db, "SELECT jobs FROM infra_ends WHERE block = ?1");
        read.is_stored = q.bind(number).step();
        if (read.is_stored)
            read.jobs = unpacked<job_end>(q, 0);
    }
    return blocks_.emplace(number, std::move(read)).first->second;
}

const job_end* job_ends::find(database& db, std::int64_t seq) {
    auto& jobs = block_of(db, seq).jobs;
    const auto place = place_of(jobs, seq);
    return place == jobs.end() ? nullptr : &*place;
}

void job_ends::add(database& db, const job_end& end) {
    auto& to = block_of(db, end.seq);
    to.jobs.push_back(end);
    changed(block_number(end.seq), to);
}

void job_ends::remove(database& db, std::int64_t seq) {
    auto& from = block_of(db, seq);
    const auto place = place_of(from.jobs, seq);
    if (place == from.jobs.end())
        return;
    *place = from.jobs.back();
    from.jobs.pop_back();
    changed(block_number(seq), from);
}

void job_ends::changed(std::int64_t number, block& b) {
    if (!std::exchange(b.is_changed, true))
        changed_.push_back(number);
}

void job_ends::save(database& db) {
    for (const auto number : std::exchange(changed_, {}))
        save_block(db, number, blocks_.at(number));
    if (blocks_.size() > most_blocks)
        blocks_.clear();
}

void job_ends::save_block(database& db, std::int64_t number, block& b) {
    b.is_changed = false;
    if (!b.jobs.empty())
        query(db, "INSERT OR REPLACE INTO infra_ends (block, jobs) VALUES (?1, ?2)").bind(number, packed(b.jobs)).run();
    else if (b.is_stored)
        query(db, "DELETE FROM infra_ends WHERE block = ?1").bind(number).run();
    b.is_stored = !b.jobs.empty();
}

void job_ends::forget() noexcept {
    blocks_.clear();
    changed_.clear();
}

} // namespace infra::queue::sqlite
