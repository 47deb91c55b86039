#include "attempts.hpp"

#include <algorithm>
#include <string>

namespace infra::email {
namespace {

// A full disk may pass too, but not within seconds.
bool may_pass(const send_error& failure) noexcept {
    const auto& code = failure.code();
    return failure.retryable() &&
           (code == infra::errc::overloaded || code == infra::errc::unavailable || code == infra::errc::timed_out);
}

} // namespace

next_attempt after_failure(const send_error& failure, int made, const attempt_rules& rules,
                           std::chrono::nanoseconds left, double lot) {
    if (!may_pass(failure))
        return {};
    if (failure.uncertain() && !rules.keeps_keys)
        return {.reason = "it may have been accepted, and the transport keeps no keys"};
    if (made >= rules.attempts)
        return {};
    const auto pause = std::max(delay_before_retry(rules.pause, made, lot), failure.retry_after());
    // In whole milliseconds, since the longest of them do not fit into nanoseconds.
    if (pause >= std::chrono::floor<std::chrono::milliseconds>(left))
        return {.reason = "the deadline comes before the next attempt"};
    return {.pause = pause};
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
