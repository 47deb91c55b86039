#include "multiplexer.hpp"

#include "command_table.hpp"

#include <infra/redis/errc.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace infra::redis::detail {
namespace {

constexpr std::size_t kept_capacity = 1024 * 1024; // of the block, between uses
constexpr std::uint8_t max_replays = 3;            // a command that brings the server down brings it down no more often

} // namespace

// --- Callers --------------------------------------------------------------------------------------------------------

bool multiplexer::add(request& r) {
    const auto size = encoded_size(r.commands);
    const bool fits = commands_ + r.commands.size() <= bounds_.max_commands && bytes_ + size <= bounds_.max_bytes;
    if (!fits && commands_ > 0)
        return false;
    ++callers_;
    commands_ += r.commands.size();
    bytes_ += size;
    r.now = request::state::waiting;
    waiting_.push_back(r);
    earliest_ = std::min(earliest_, r.limit.time());
    return true;
}

void multiplexer::refuse(request& r, boost::system::error_code why) {
    ++callers_;
    finish(r, why);
}

void multiplexer::cancel(request& r, boost::system::error_code why) {
    if (r.now != request::state::waiting && r.now != request::state::in_flight)
        return;
    abandon(r);
    finish(r, why);
}

void multiplexer::forget(request& r) noexcept {
    if (r.now == request::state::finished && r.is_linked())
        unlink(finished_, r);
    if (r.now == request::state::waiting || r.now == request::state::in_flight) {
        abandon(r);
        --callers_;
    }
    r.now = request::state::idle;
}

// Off the queue, or out of its place, which stays.
void multiplexer::abandon(request& r) noexcept {
    if (r.now == request::state::in_flight) {
        slot_of(r).of = nullptr;
    } else if (r.now == request::state::waiting) {
        unlink(waiting_, r);
        commands_ -= r.unanswered().size();
        bytes_ -= encoded_size(r.unanswered());
    }
}

void multiplexer::unlink(request_list& from, request& r) noexcept { from.erase(from.iterator_to(r)); }

void multiplexer::finish(request& r, boost::system::error_code why) {
    --callers_;
    r.now = request::state::finished;
    r.failure = why;
    finished_.push_back(r);
}

request* multiplexer::next_finished() noexcept {
    if (finished_.empty())
        return nullptr;
    auto& r = finished_.front();
    finished_.pop_front();
    return &r;
}

// --- The writer -----------------------------------------------------------------------------------------------------

std::string_view multiplexer::to_write() {
    if (offset_ == block_.size() && !waiting_.empty()) {
        if (block_.capacity() > kept_capacity)
            block_ = {};
        block_.clear();
        offset_ = in_block_ = 0;
        while (!waiting_.empty() && block_.size() < bounds_.block_bytes)
            stage(waiting_.front());
    }
    return std::string_view(block_).substr(offset_);
}

void multiplexer::stage(request& r) {
    waiting_.pop_front();
    const auto commands = r.unanswered();
    const auto before = block_.size();
    for (const auto& each : commands)
        each.encode_to(block_);
    const auto size = block_.size() - before;
    replayed_ += r.sent ? 1 : 0;
    r.now = request::state::in_flight;
    r.sent = true;
    r.place = first_place_ + in_flight_.size();
    in_flight_.push_back({.of = &r, .left = commands.size(), .bytes = size, .begin = staged_});
    in_block_ += commands.size();
    staged_ += size;
}

void multiplexer::written(std::size_t bytes) {
    offset_ += bytes;
    sent_ += bytes;
}

// --- The reader -----------------------------------------------------------------------------------------------------

bool multiplexer::answer(reply&& r) {
    if (in_flight_.empty())
        return false;
    auto& due = in_flight_.front();
    auto* const of = due.of;
    if (of)
        of->replies[of->answered++] = std::move(r);
    --commands_;
    if (--due.left > 0)
        return true;
    bytes_ -= due.bytes;
    in_flight_.pop_front();
    ++first_place_;
    if (of)
        finish(*of, {});
    return true;
}

bool multiplexer::answer_is_due() const noexcept {
    return !in_flight_.empty() && in_flight_.front().begin + in_flight_.front().bytes <= sent_;
}

const command* multiplexer::oldest() const noexcept {
    const auto* const of = in_flight_.empty() ? nullptr : in_flight_.front().of;
    return of ? &of->unanswered().front() : nullptr;
}

// --- The connection -------------------------------------------------------------------------------------------------

// The server acts on what is whole: a command, or a transaction, of which the end never left does nothing.
bool multiplexer::untouched(const slot& s, std::uint64_t left) const noexcept {
    const bool all_or_nothing = s.of->atomic || s.left == 1;
    return left <= s.begin || (all_or_nothing && s.of->answered == 0 && left < s.begin + s.bytes);
}

bool multiplexer::harmless_to_repeat(const request& r) {
    const auto again = r.atomic ? r.commands.subspan(1, r.commands.size() - 2) : r.unanswered();
    return r.replays < max_replays &&
           std::ranges::all_of(again, [](const command& c) { return replay_of(c) != replay::never; });
}

void multiplexer::lost(bool rest_may_have_left) {
    const auto left = rest_may_have_left ? staged_ : sent_;
    std::vector<request*> again;
    for (auto& each : in_flight_) {
        commands_ -= each.left;
        bytes_ -= each.bytes;
        if (!each.of)
            continue;
        if (untouched(each, left)) {
            again.push_back(each.of);
        } else if (harmless_to_repeat(*each.of)) {
            ++each.of->replays;
            again.push_back(each.of);
        } else {
            finish(*each.of, errc::lost);
        }
    }
    first_place_ += in_flight_.size();
    in_flight_.clear();
    block_.clear();
    offset_ = 0;
    staged_ = sent_ = 0;
    for (auto it = again.rbegin(); it != again.rend(); ++it) {
        auto& r = **it;
        if (r.atomic)
            r.answered = 0;
        r.now = request::state::waiting;
        r.sent = r.replays > 0 || r.answered > 0;
        commands_ += r.unanswered().size();
        bytes_ += encoded_size(r.unanswered());
        waiting_.push_front(r);
    }
}

void multiplexer::fail_oldest(boost::system::error_code why) {
    if (!in_flight_.empty() && in_flight_.front().of)
        cancel(*in_flight_.front().of, why);
}

void multiplexer::fail_waiting(boost::system::error_code unsent, boost::system::error_code sent) {
    while (!waiting_.empty())
        cancel(waiting_.front(), waiting_.front().sent ? sent : unsent);
    earliest_ = steady_time::max();
    for (const auto& each : in_flight_)
        if (each.of)
            earliest_ = std::min(earliest_, each.of->limit.time());
}

void multiplexer::fail_who_may_go_anywhere(boost::system::error_code why) {
    for (auto it = waiting_.begin(); it != waiting_.end();) {
        auto& each = *it++;
        if (each.anywhere && !each.sent)
            cancel(each, why);
    }
}

void multiplexer::fail_all(boost::system::error_code unsent, boost::system::error_code sent) {
    fail_waiting(unsent, sent);
    for (const auto& each : in_flight_)
        if (each.of)
            cancel(*each.of, sent);
}

void multiplexer::expire(steady_time now, boost::system::error_code unsent) {
    std::vector<request*> passed;
    earliest_ = steady_time::max();
    const auto look_at = [&](request& r) {
        if (r.limit.passed(now))
            passed.push_back(&r);
        else
            earliest_ = std::min(earliest_, r.limit.time());
    };
    for (const auto& each : in_flight_)
        if (each.of)
            look_at(*each.of);
    for (auto& each : waiting_)
        look_at(each);
    for (auto* each : passed)
        cancel(*each, each->sent ? make_error_code(errc::unanswered) : unsent);
}

} // namespace infra::redis::detail
