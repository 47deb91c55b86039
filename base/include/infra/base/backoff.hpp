#pragma once

/// How long to wait before trying again.
///
///     infra::backoff policy = infra::exponential(1s);              // 1 s, 2 s, 4 s, 8 s …
///     policy.max = 1min;                                           // … and never longer than a minute
///     policy.jitter = 0.5;                                         // each between half of that and all of it
///     co_await time.sleep_for(delay_before_retry(policy, attempts_made, infra::random_01()));

#include <chrono>
#include <string_view>

namespace infra {

/// A waiting time as a function of how often something failed. The fields are BullMQ's, so that a policy stored by a
/// Node service means the same here.
///
/// Threads:  a value.
/// Errors:   `validate` throws std::invalid_argument naming the field.
struct backoff {
    enum class kind { fixed, exponential };

    kind type = kind::fixed;

    /// Before the first retry; at least zero. Zero retries at once, whatever the kind.
    std::chrono::milliseconds delay{0};

    /// No wait is longer; at least zero. The default is no limit.
    std::chrono::milliseconds max = std::chrono::milliseconds::max();

    /// 0 to 1: the share of each delay that is drawn by lot, so that what failed together does not return together.
    /// With 0.25 a delay of 8 s becomes 6 s to 8 s. Zero is exact; one spreads from nothing to the whole delay.
    double jitter = 0;

    friend bool operator==(const backoff&, const backoff&) noexcept = default;
};

/// Always `delay`.
constexpr backoff fixed(std::chrono::milliseconds delay) noexcept { return {.delay = delay}; }

/// `delay`, then twice that, then four times, and so on.
constexpr backoff exponential(std::chrono::milliseconds delay) noexcept {
    return {.type = backoff::kind::exponential, .delay = delay};
}

/// The wait after `attempts_made` failed attempts, of which there is at least one. `random01` is the lot, from 0 (the
/// shortest wait) towards 1 (the whole delay); pass `random_01()`, or a constant in a test. The result lies in
/// [(1 - jitter) · d, d], where d is the delay after its limit; d saturates instead of overflowing.
///
/// Throws std::invalid_argument when `attempts_made` is less than 1.
std::chrono::milliseconds delay_before_retry(const backoff& policy, int attempts_made, double random01);

/// Throws std::invalid_argument when a field is out of its range, as `<option>.jitter must be between 0 and 1`.
void validate(const backoff& policy, std::string_view option = "backoff");

} // namespace infra
