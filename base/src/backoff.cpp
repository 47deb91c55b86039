#include <infra/base/backoff.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace infra {

namespace {

using std::chrono::milliseconds;

/// delay · 2^doublings, or the largest duration when that does not fit.
milliseconds doubled(milliseconds delay, int doublings) {
    constexpr int widest_shift = 62;
    if (delay.count() <= 0)
        return milliseconds::zero();
    if (doublings > widest_shift || delay.count() > (milliseconds::max().count() >> doublings))
        return milliseconds::max();
    return milliseconds(delay.count() << doublings);
}

/// Takes the drawn share off `delay`. Rounds towards the longer wait, so that the lower end stays a promise.
milliseconds shortened(milliseconds delay, double jitter, double random01) {
    const double whole = static_cast<double>(delay.count());
    const double taken = whole * jitter * (1 - std::clamp(random01, 0.0, 1.0));
    // Compared before the cast: close to the end of the range a double rounds up to what no int64 can hold.
    if (taken >= whole)
        return milliseconds::zero();
    return std::max(delay - milliseconds(static_cast<std::int64_t>(taken)), milliseconds::zero());
}

void require(bool holds, std::string_view option, std::string_view demand) {
    if (!holds)
        throw std::invalid_argument(std::string(option) + std::string(demand));
}

} // namespace

milliseconds delay_before_retry(const backoff& policy, int attempts_made, double random01) {
    require(attempts_made >= 1, "delay_before_retry: attempts_made", " must be at least 1");
    const int doublings = policy.type == backoff::kind::exponential ? attempts_made - 1 : 0;
    const auto delay = std::min(doubled(policy.delay, doublings), std::max(policy.max, milliseconds::zero()));
    return policy.jitter > 0 ? shortened(delay, std::min(policy.jitter, 1.0), random01) : delay;
}

void validate(const backoff& policy, std::string_view option) {
    require(policy.delay >= milliseconds::zero(), option, ".delay must not be negative");
    require(policy.max >= milliseconds::zero(), option, ".max must not be negative");
    // Written so that NaN, for which every comparison is false, is refused.
    require(policy.jitter >= 0 && policy.jitter <= 1, option, ".jitter must be between 0 and 1");
}

} // namespace infra
