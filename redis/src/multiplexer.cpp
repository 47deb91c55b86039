#include "multiplexer.hpp"

#include <infra/redis/errc.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace infra::redis::detail {
namespace {

using boost::system::errc::not_enough_memory;

constexpr std::size_t kept_capacity = 1024 * 1024; // of the block, between uses

} // namespace

// --- Callers --------------------------------------------------------------------------------------------------------

bool multiplexer::add(request& r) {
    const auto size = encoded_size(r.commands);
    const bool fits = commands_ + r.commands.size() <= bounds_.max_commands && bytes_ + size <= bounds_.max_bytes;
    if (!fits && commands_ > 0)
        return false;
    ++callers_;
    wait(r);
    line_up(r);
    earliest_ = std::min(earliest_, r.limit.time());
    return true;
}

void multiplexer::add_alone(request& r) {
    ++callers_;
    wait(r);
    waiting_.push_front(r);
    earliest_ = std::min(earliest_, r.limit.time());
    block_.clear();
    offset_ = in_block_ = 0;
    stage(r);
}

void multiplexer::line_up(request& r) noexcept {
    waiting_.push_back(r);
    if (came_later_ == waiting_.end())
        --came_later_;
}

void multiplexer::leave_line(request& r) noexcept {
    if (came_later_ != waiting_.end() && &*came_later_ == &r)
        ++came_later_;
    unlink(waiting_, r);
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
        leave_line(r);
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
    leave_line(r);
    came_later_ = waiting_.begin();
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

// --- Who was refused ------------------------------------------------------------------------------------------------

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
    waiting_.insert(came_later_, r);
    earliest_ = std::min(earliest_, r.limit.time());
}

} // namespace infra::redis::detail
