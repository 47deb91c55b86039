#include "src/attempts.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

const storage_error down{infra::errc::unavailable, "no connection", {.retryable = true}};
const storage_error lost{infra::errc::unavailable, "the answer was lost", {.retryable = true, .uncertain = true}};
const storage_error dead{
    infra::errc::unavailable, "the connection was reset", {.retryable = true, .fresh_connection = true}};
const storage_error slow{errc::throttled, "SlowDown", {.status = 503, .retryable = true}};
const storage_error slow_on_a_new_one{errc::throttled, "SlowDown", {.retryable = true, .fresh_connection = true}};
const storage_error told_when{errc::throttled, "SlowDown", {.retryable = true, .retry_after = 3s}};
const storage_error denied{errc::denied, "not allowed", {.status = 403}};

constexpr attempt_rules usual{.attempts = 5,
                              .pause = {.type = backoff::kind::exponential, .delay = 100ms, .max = 20s, .jitter = 1}};
constexpr attempt_rules once_only{.attempts = 5, .pause = usual.pause, .idempotent = false};
constexpr attempt_rules at_home{.attempts = 5, .pause = usual.pause, .remote = false};

constexpr std::string_view too_late = "the deadline comes before the next attempt";
constexpr std::string_view not_twice = "it may have been done, and may not be done twice";

TEST(StorageAttempts, AreMadeAgainWhereThatMayHelp) {
    struct row {
        const char* what;
        const storage_error* failure;
        int made;
        const attempt_rules* rules;
        milliseconds left;
        double lot;
        std::optional<milliseconds> pause;
        std::string_view reason;
    };
    const row table[] = {
        {"what may pass", &down, 1, &usual, 60s, 0.5, 50ms, ""},
        {"and again, after twice as long", &down, 2, &usual, 60s, 0.5, 100ms, ""},
        {"by lot from nothing", &down, 4, &usual, 60s, 0, 0ms, ""},
        {"not more often than allowed", &down, 5, &usual, 60s, 0.5, {}, ""},
        {"not what does not pass", &denied, 1, &usual, 60s, 0.5, {}, ""},
        {"not in a directory", &down, 1, &at_home, 60s, 0.5, {}, ""},
        {"what was certainly not done", &down, 1, &once_only, 60s, 0.5, 50ms, ""},
        {"what may have been done, twice", &lost, 1, &usual, 60s, 0.5, 50ms, ""},
        {"unless it may not be done twice", &lost, 1, &once_only, 60s, 0.5, {}, not_twice},
        {"at once after a dead connection", &dead, 1, &usual, 60s, 0.5, 0ms, ""},
        {"but only once", &dead, 2, &usual, 60s, 0.5, 100ms, ""},
        {"and not where the store is slow", &slow_on_a_new_one, 1, &usual, 60s, 0.5, 50ms, ""},
        {"what is throttled", &slow, 1, &usual, 60s, 0.5, 50ms, ""},
        {"as late as the store asks for", &told_when, 1, &usual, 60s, 0, 3s, ""},
        {"and not all in the same moment", &told_when, 1, &usual, 60s, 0.5, 3050ms, ""},
        {"but within the deadline", &told_when, 1, &usual, 3020ms, 0.5, 3019ms, ""},
        {"or not at all", &told_when, 1, &usual, 3s, 0.5, {}, too_late},
        {"the pause passes the deadline", &down, 4, &usual, 400ms, 0.5, {}, too_late},
        {"no time is left for a new connection", &dead, 1, &usual, 0ms, 0, {}, too_late},
    };
    for (const auto& each : table) {
        const auto next = after_failure(*each.failure, each.made, *each.rules, each.left, each.lot);
        EXPECT_EQ(next.pause, each.pause) << each.what;
        EXPECT_EQ(next.reason, each.reason) << each.what;
    }
}

TEST(StorageAttempts, HaveAllTheTimeWithoutADeadline) {
    EXPECT_EQ(after_failure(told_when, 1, usual, std::chrono::nanoseconds::max(), 0).pause, 3s);
}

TEST(StorageAttempts, AreTold) {
    const storage_error last{errc::throttled, "SlowDown", {.name = "SlowDown", .status = 503, .request_id = "7"}};
    EXPECT_STREQ(summed_up(last, 1, false, "").what(), "SlowDown");
    const auto e = summed_up(last, 3, true, too_late);
    EXPECT_STREQ(e.what(), "SlowDown; tried 3 times; not tried again: the deadline comes before the next attempt");
    EXPECT_EQ(e.code(), errc::throttled);
    EXPECT_EQ(e.name(), "SlowDown");
    EXPECT_EQ(e.status(), 503);
    EXPECT_EQ(e.request_id(), "7");
    EXPECT_TRUE(e.uncertain());
}

} // namespace
} // namespace infra::storage
