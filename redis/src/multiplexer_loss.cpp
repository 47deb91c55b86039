// What becomes of requests when their connection is lost, or their time has passed.

#include "command_table.hpp"
#include "multiplexer.hpp"

#include <infra/redis/errc.hpp>

#include <algorithm>
#include <exception>

namespace infra::redis::detail {
namespace {

constexpr std::uint8_t max_replays = 3; // a command that brings the server down brings it down no more often

} // namespace

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
    waiting_.splice(came_later_, again);
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
