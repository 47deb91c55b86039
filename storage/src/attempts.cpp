#include "attempts.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace infra::storage {
namespace {

using std::chrono::milliseconds;

bool has_only_lost_its_connection(const storage_error& failure, int made) noexcept {
    return made == 1 && failure.fresh_connection() && failure.code() == infra::errc::unavailable &&
           failure.retry_after() == milliseconds::zero();
}

// Many may have been told the same moment, and would come in it together.
milliseconds spread_behind(milliseconds retry_after, milliseconds spread, milliseconds room) noexcept {
    if (retry_after <= milliseconds::zero())
        return milliseconds::zero();
    return retry_after + std::min(spread, room - milliseconds(1) - retry_after);
}

} // namespace

next_attempt after_failure(const storage_error& failure, int made, const attempt_rules& rules,
                           std::chrono::nanoseconds left, double lot) {
    if (!failure.retryable() || !rules.remote || made >= rules.attempts)
        return {};
    if (failure.uncertain() && !rules.idempotent)
        return {.reason = "it may have been done, and may not be done twice"};
    const auto room = std::chrono::floor<milliseconds>(left); // the longest of them do not fit into nanoseconds
    if (has_only_lost_its_connection(failure, made) && room > milliseconds::zero())
        return {.pause = milliseconds::zero()};
    const auto delay = delay_before_retry(rules.pause, made, lot);
    if (std::max(delay, failure.retry_after()) >= room)
        return {.reason = "the deadline comes before the next attempt"};
    return {.pause = std::max(delay, spread_behind(failure.retry_after(), delay, room))};
}

storage_error summed_up(const storage_error& last, int made, bool uncertain, std::string_view reason) {
    std::string sentence = last.what();
    if (made > 1)
        sentence += "; tried " + std::to_string(made) + " times";
    if (!reason.empty())
        sentence.append("; not tried again: ").append(reason);
    auto of = last.all();
    of.uncertain = of.uncertain || uncertain;
    return {last.code(), std::move(sentence), std::move(of)};
}

} // namespace infra::storage
