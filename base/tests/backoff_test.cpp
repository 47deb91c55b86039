#include <infra/base/backoff.hpp>

#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using infra::backoff;
using infra::delay_before_retry;
using std::chrono::milliseconds;

constexpr auto longest = milliseconds::max();

struct row {
    std::string fact;
    backoff policy;
    int attempts_made = 1;
    double random01 = 0;
    milliseconds expected{};
};

TEST(Backoff, FollowsTheTable) {
    const std::vector<row> rows{
        {"a default policy retries at once", {}, 1, 0, 0ms},
        {"fixed is the same the first time", infra::fixed(1s), 1, 0, 1s},
        {"fixed is the same the tenth time", infra::fixed(1s), 10, 0, 1s},
        {"exponential starts with its delay", infra::exponential(1s), 1, 0, 1s},
        {"exponential doubles", infra::exponential(1s), 2, 0, 2s},
        {"exponential doubles again", infra::exponential(1s), 3, 0, 4s},
        {"exponential at the tenth", infra::exponential(1s), 10, 0, 512s},
        {"zero stays zero", infra::exponential(0ms), 40, 0, 0ms},
        {"a negative delay counts as zero", infra::fixed(-5ms), 1, 0, 0ms},
        {"the largest doubling that fits", infra::exponential(1ms), 63, 0, milliseconds(1LL << 62)},
        {"the first that does not fit saturates", infra::exponential(1ms), 64, 0, longest},
        {"an absurd count saturates", infra::exponential(1ms), INT_MAX, 0, longest},
        {"a large delay saturates early", infra::exponential(longest), 2, 0, longest},
        {"max caps exponential", {backoff::kind::exponential, 1s, 10s, 0}, 5, 0, 10s},
        {"max caps after saturation", {backoff::kind::exponential, 1s, 10s, 0}, 5000, 0, 10s},
        {"max caps fixed", {backoff::kind::fixed, 1min, 10s, 0}, 1, 0, 10s},
        {"jitter at its shortest", {backoff::kind::fixed, 8s, longest, 0.25}, 1, 0, 6s},
        {"jitter in the middle", {backoff::kind::fixed, 8s, longest, 0.25}, 1, 0.5, 7s},
        {"jitter at its longest", {backoff::kind::fixed, 8s, longest, 0.25}, 1, 1, 8s},
        {"jitter applies after the cap", {backoff::kind::exponential, 1s, 4s, 0.5}, 9, 0, 2s},
        {"full jitter reaches zero", {backoff::kind::fixed, 8s, longest, 1}, 1, 0, 0ms},
        {"jitter rounds to the longer wait", {backoff::kind::fixed, 5ms, longest, 0.5}, 1, 0, 3ms},
        {"full jitter of the longest reaches zero", {backoff::kind::fixed, longest, longest, 1}, 1, 0, 0ms},
        {"a lot beyond its range is clamped", {backoff::kind::fixed, 8s, longest, 0.5}, 1, -3, 4s},
    };
    for (const auto& r : rows)
        EXPECT_EQ(delay_before_retry(r.policy, r.attempts_made, r.random01), r.expected) << r.fact;
}

TEST(Backoff, StaysBetweenTheShareAndTheWholeForEveryLot) {
    for (const auto d : {1ms, 3ms, 999ms, milliseconds(1h), milliseconds(1LL << 53), longest}) {
        for (const double jitter : {0.01, 0.33, 0.5, 0.99}) {
            for (double lot = 0; lot < 1; lot += 0.0625) {
                const auto got = delay_before_retry({.delay = d, .jitter = jitter}, 1, lot);
                EXPECT_LE(got, d);
                EXPECT_GE(static_cast<double>(got.count()),
                          (1 - jitter) * static_cast<double>(d.count()) * (1 - 1e-12));
            }
        }
    }
}

TEST(Backoff, RefusesToCountFewerThanOneAttempt) {
    EXPECT_THROW(delay_before_retry(infra::fixed(1s), 0, 0), std::invalid_argument);
    EXPECT_THROW(delay_before_retry(infra::fixed(1s), INT_MIN, 0), std::invalid_argument);
}

std::string complaint_about(const backoff& policy) try {
    infra::validate(policy, "queue::job::backoff");
    return "";
} catch (const std::invalid_argument& e) {
    return e.what();
}

TEST(Backoff, ValidationNamesTheField) {
    EXPECT_EQ(complaint_about({}), "");
    EXPECT_EQ(complaint_about({backoff::kind::exponential, 1s, 1h, 1}), "");
    EXPECT_EQ(complaint_about({.delay = -1ms}), "queue::job::backoff.delay must not be negative");
    EXPECT_EQ(complaint_about({.max = -1ms}), "queue::job::backoff.max must not be negative");
    EXPECT_EQ(complaint_about({.jitter = -0.1}), "queue::job::backoff.jitter must be between 0 and 1");
    EXPECT_EQ(complaint_about({.jitter = 1.1}), "queue::job::backoff.jitter must be between 0 and 1");
    EXPECT_EQ(complaint_about({.jitter = std::numeric_limits<double>::quiet_NaN()}),
              "queue::job::backoff.jitter must be between 0 and 1");
}

} // namespace
