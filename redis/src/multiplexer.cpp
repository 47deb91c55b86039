#include "multiplexer.hpp"

#include "command_table.hpp"

#include <infra/redis/errc.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace infra::redis::detail {
namespace {

using boost::system::errc::not_enough_memory;

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
    wait(r);
    waiting_.push_back(r);
    earliest_ = std::min(earliest_, r.limit.time());
    return true;
}

void multiplexer::wait(request& r) noexcept {
    commands_ += r.unanswered().size();
    bytes_ += encoded_size(r.unanswered());
    r.now = request::state::waiting;
}

void multiplexer::refuse(request& r, boost::system::error_code why) noexcept {
    ++callers_;
    finish(r, why);
}

void multiplexer::cancel(request& r, boost::system::error_code why) noexcept {
    if (!r.is_under_way())
        return;
    abandon(r);
    finish(r, why);
}

void multiplexer::forget(request& r) noexcept {
    if (r.now == request::state::finished && r.is_linked())
        unlink(finished_, r);
    if (r.is_under_way()) {
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
    } else if (r.now == request::state::refused && r.is_linked()) {
        unlink(refused_, r);
    }
}

void multiplexer::unlink(request_list& from, request& r) noexcept { from.erase(from.iterator_to(r)); }

void multiplexer::finish(request& r, boost::system::error_code why) noexcept {
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

// A value may be as large as the memory that is left: whoever wants it sent ends, and the others have their turn.
void multiplexer::stage(request& r) {
    const auto commands = r.unanswered();
    const auto before = block_.size();
    try {
        for (const auto& each : commands)
            each.encode_to(block_);
        in_flight_.push_back({.of = &r, .left = commands.size(), .bytes = block_.size() - before, .begin = staged_});
    } catch (const std::exception&) {
        block_.resize(before);
        return cancel(r, r.sent ? make_error_code(errc::lost) : make_error_code(not_enough_memory));
    }
    unlink(waiting_, r);
    replayed_ += r.sent ? 1 : 0;
    r.now = request::state::in_flight;
    r.sent = true;
    r.place = first_place_ + in_flight_.size() - 1;
    in_block_ += commands.size();
    staged_ += block_.size() - before;
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
    if (of && of->refused) {
        of->now = request::state::refused;
        refused_.push_back(*of);
    } else if (of) {
        finish(*of, {});
    }
    return true;
}

bool multiplexer::answer_is_due() const noexcept {
    return !in_flight_.empty() && in_flight_.front().begin + in_flight_.front().bytes <= sent_;
}

const command* multiplexer::oldest() const noexcept {
    const auto* const of = in_flight_.empty() ? nullptr : in_flight_.front().of;
    return of ? &of->unanswered().front() : nullptr;
}

// --- Who was refused by a replica ------------------------------------------------------------------------------------

void multiplexer::refuse_oldest() noexcept {
    if (!in_flight_.empty() && in_flight_.front().of)
        in_flight_.front().of->refused = true;
}

request* multiplexer::next_refused() noexcept {
    if (refused_.empty())
        return nullptr;
    auto& r = refused_.front();
    refused_.pop_front();
    return &r;
}

void multiplexer::send_again(request& r, std::size_t from) noexcept {
    std::ranges::fill(r.replies.subspan(from), reply());
    r.answered = static_cast<std::uint32_t>(from);
    r.sent = r.replays > 0 || from > 0; // on a connection before, whose server may have executed it
    r.refused = false;
    wait(r);
    waiting_.push_back(r);
    earliest_ = std::min(earliest_, r.limit.time());
}

// --- The connection -------------------------------------------------------------------------------------------------

// The server acts on what is whole: a command, or a transaction, of which the end never left does nothing.
bool multiplexer::untouched(const slot& s, std::uint64_t left) const noexcept {
    const bool all_or_nothing = s.of->atomic || s.left == 1;
    return left <= s.begin || (all_or_nothing && s.of->answered == 0 && left < s.begin + s.bytes);
}

bool multiplexer::harmless_to_repeat(const request& r) noexcept {
    const auto again = r.atomic ? r.commands.subspan(1, r.commands.size() - 2) : r.unanswered();
    try {
        return r.replays < max_replays &&
               std::ranges::all_of(again, [](const command& c) { return replay_of(c) != replay::never; });
    } catch (const std::exception&) { // no memory to tell
        return false;
    }
}

bool multiplexer::is_sent_again(const slot& s, std::uint64_t left) noexcept {
    if (untouched(s, left))
        return true;
    if (!harmless_to_repeat(*s.of))
        return false;
    ++s.of->replays;
    return true;
}

void multiplexer::lost(bool rest_may_have_left) noexcept {
    const auto left = rest_may_have_left ? staged_ : sent_;
    request_list again;
    for (const auto& each : in_flight_) {
        commands_ -= each.left;
        bytes_ -= each.bytes;
        if (each.of && is_sent_again(each, left))
            again.push_back(*each.of);
        else if (each.of)
            finish(*each.of, errc::lost);
    }
    first_place_ += in_flight_.size();
    in_flight_.clear();
    block_.clear();
    offset_ = 0;
    staged_ = sent_ = 0;
    for (auto& r : again) {
        if (r.atomic)
            r.answered = 0;
        r.sent = r.replays > 0 || r.answered > 0;
        wait(r);
    }
    waiting_.splice(waiting_.begin(), again);
}

void multiplexer::fail_oldest(boost::system::error_code why) noexcept {
    if (!in_flight_.empty() && in_flight_.front().of)
        cancel(*in_flight_.front().of, why);
}

void multiplexer::fail_waiting(boost::system::error_code unsent, boost::system::error_code sent) noexcept {
    while (!waiting_.empty())
        cancel(waiting_.front(), waiting_.front().sent ? sent : unsent);
    earliest_ = steady_time::max();
    for (const auto& each : in_flight_)
        if (each.of)
            earliest_ = std::min(earliest_, each.of->limit.time());
}

void multiplexer::fail_who_may_go_anywhere(boost::system::error_code why) noexcept {
    for (auto it = waiting_.begin(); it != waiting_.end();) {
        auto& each = *it++;
        if (each.anywhere && !each.sent)
            cancel(each, why);
    }
}

void multiplexer::fail_all(boost::system::error_code unsent, boost::system::error_code sent) noexcept {
    fail_waiting(unsent, sent);
    while (!refused_.empty())
        cancel(refused_.front(), sent);
    for (const auto& each : in_flight_)
        if (each.of)
            cancel(*each.of, sent);
}

void multiplexer::expire(steady_time now, boost::system::error_code unsent) noexcept {
    earliest_ = steady_time::max();
    const auto look_at = [&](request& r) {
        if (r.limit.passed(now))
            cancel(r, r.sent ? make_error_code(errc::unanswered) : unsent);
        else
            earliest_ = std::min(earliest_, r.limit.time());
    };
    for (const auto& each : in_flight_)
        if (each.of)
            look_at(*each.of);
    for (auto it = waiting_.begin(); it != waiting_.end();)
        look_at(*it++);
}

} // namespace infra::redis::detail
