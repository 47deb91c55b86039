#include "attempts.hpp"

#include <algorithm>
#include <string>

namespace infra::email {
namespace {

using std::chrono::milliseconds;

// A full disk may pass too, but not within seconds.
bool may_pass_soon(const send_error& failure) noexcept {
    const auto& code = failure.code();
    return failure.retryable() &&
           (code == infra::errc::overloaded || code == infra::errc::unavailable || code == infra::errc::timed_out);
}

// Many may have been told the same moment, and would come in it together.
milliseconds spread_behind(milliseconds retry_after, milliseconds spread, milliseconds room) noexcept {
    if (retry_after <= milliseconds::zero())
        return milliseconds::zero();
    return retry_after + std::min(spread, room - milliseconds(1) - retry_after);
}

} // namespace

next_attempt after_failure(const send_error& failure, int made, const attempt_rules& rules,
                           std::chrono::nanoseconds left, double lot) {
    if (!may_pass_soon(failure))
        return {};
    if (failure.uncertain() && !rules.keeps_keys && !failure.safe_to_repeat())
        return {.reason = "it may have been accepted, and the transport keeps no keys"};
    if (made >= rules.attempts)
        return {};
    const auto room = std::chrono::floor<milliseconds>(left); // the longest of them do not fit into nanoseconds
    const auto delay = delay_before_retry(rules.pause, made, lot);
    if (std::max(delay, failure.retry_after()) >= room)
        return {.reason = "the deadline comes before the next attempt"};
    const auto spread = std::chrono::duration_cast<milliseconds>(delay * (rules.pause.jitter * lot));
    return {.pause = std::max(delay, spread_behind(failure.retry_after(), spread, room))};
}

send_error summed_up(const send_error& last, int made, bool uncertain, std::string_view reason) {
    std::string sentence = last.what();
    if (made > 1)
        sentence += "; tried " + std::to_string(made) + " times";
    if (!reason.empty())
        sentence.append("; not tried again: ").append(reason);
    return {last.code(),
            std::move(sentence),
            {.name = last.name(),
             .status = last.status(),
             .retryable = last.retryable(),
             .uncertain = last.uncertain() || uncertain,
             .retry_after = last.retry_after()}};
}

} // namespace infra::email
