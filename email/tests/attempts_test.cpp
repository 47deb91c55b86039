#include "src/attempts.hpp"

#include <gtest/gtest.h>

#include <random>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

constexpr auto forever = std::chrono::nanoseconds::max();

attempt_rules make_rules() {
    return {
        .attempts = 3, .pause = {.type = backoff::kind::exponential, .delay = 500ms, .max = 8s}, .keeps_keys = true};
}

send_error make_failure(boost::system::error_code code, send_error::details of = {.retryable = true}) {
    return {code, "no", std::move(of)};
}

TEST(Attempts, AreMadeAgainForWhatMayPass) {
    struct row {
        const char* name;
        boost::system::error_code code;
        send_error::details of;
        bool again;
    };
    const row table[] = {
        {"rate limit", infra::errc::overloaded, {.status = 429, .retryable = true}, true},
        {"out of order", infra::errc::unavailable, {.status = 500, .retryable = true}, true},
        {"no connection", infra::errc::unavailable, {.retryable = true}, true},
        {"SMTP's later", infra::errc::unavailable, {.status = 451, .retryable = true}, true},
        {"same key under way", infra::errc::overloaded, {.status = 409, .retryable = true}, true},
        {"no answer in time", infra::errc::timed_out, {.retryable = true, .uncertain = true}, true},
        {"lost answer", infra::errc::unavailable, {.retryable = true, .uncertain = true}, true},
        {"quota", errc::quota_exceeded, {.status = 429, .retryable = true}, false},
        {"refused", errc::refused, {.status = 422}, false},
        {"refused, oddly retryable", errc::refused, {.status = 422, .retryable = true}, false},
        {"bad key", errc::unauthorized, {.status = 401}, false},
        {"key of another message", errc::key_reused, {.status = 409}, false},
        {"unavailable for good", infra::errc::unavailable, {.status = 501}, false},
        {"full disk", infra::errc::io, {.retryable = true}, false},
        {"our own refusal", errc::bad_address, {}, false},
    };
    for (const auto& [name, code, of, again] : table)
        EXPECT_EQ(after_failure(make_failure(code, of), 1, make_rules(), forever, 1).pause.has_value(), again) << name;
}

TEST(Attempts, AreNotMadeAgainForALostAnswerWhereNoKeysAreKept) {
    auto rules = make_rules();
    rules.keeps_keys = false;
    const auto lost = make_failure(infra::errc::unavailable, {.retryable = true, .uncertain = true});
    EXPECT_EQ(after_failure(lost, 1, rules, forever, 1).pause, std::nullopt);
    EXPECT_EQ(after_failure(lost, 1, rules, forever, 1).reason,
              "it may have been accepted, and the transport keeps no keys");
    EXPECT_TRUE(after_failure(make_failure(infra::errc::unavailable), 1, rules, forever, 1).pause);
    const auto lost_by_one_with_keys =
        make_failure(infra::errc::unavailable, {.retryable = true, .uncertain = true, .safe_to_repeat = true});
    EXPECT_TRUE(after_failure(lost_by_one_with_keys, 1, rules, forever, 1).pause);
}

TEST(Attempts, WaitAtLeastAsLongAsTheProviderSays) {
    struct row {
        int made;
        std::chrono::milliseconds retry_after, pause;
    };
    for (const auto& [made, retry_after, pause] :
         {row{1, 0ms, 500ms}, row{2, 0ms, 1s}, row{1, 3s, 3s}, row{1, 100ms, 500ms}, row{1, 60s, 60s}}) {
        const auto limited = make_failure(infra::errc::overloaded, {.retryable = true, .retry_after = retry_after});
        EXPECT_EQ(after_failure(limited, made, make_rules(), forever, 1).pause, pause);
    }
}

TEST(Attempts, OfManyWhoWereToldTheSameMomentAreSpread) {
    auto rules = make_rules();
    rules.pause.jitter = 0.5;
    const auto limited = make_failure(infra::errc::overloaded, {.retryable = true, .retry_after = 3s});
    EXPECT_EQ(after_failure(limited, 1, rules, forever, 0).pause, 3s);
    EXPECT_EQ(after_failure(limited, 1, rules, forever, 1).pause, 3250ms);
    EXPECT_EQ(after_failure(limited, 1, rules, 3100ms, 1).pause, 3099ms) << "as far as the deadline leaves";
}

TEST(Attempts, EndWhereTheDeadlineLeavesNoTimeForOne) {
    const auto down = make_failure(infra::errc::unavailable);
    EXPECT_EQ(after_failure(down, 1, make_rules(), 501ms, 1).pause, 500ms);
    EXPECT_EQ(after_failure(down, 1, make_rules(), 500ms, 1).pause, std::nullopt);
    EXPECT_EQ(after_failure(down, 1, make_rules(), 0ms, 1).reason, "the deadline comes before the next attempt");
    const auto never =
        make_failure(infra::errc::overloaded, {.retryable = true, .retry_after = std::chrono::milliseconds::max()});
    EXPECT_EQ(after_failure(never, 1, make_rules(), forever, 1).pause, std::nullopt);
}

TEST(Attempts, AreAsManyAsWasAskedFor) {
    const auto down = make_failure(infra::errc::unavailable);
    EXPECT_TRUE(after_failure(down, 2, make_rules(), forever, 1).pause);
    EXPECT_FALSE(after_failure(down, 3, make_rules(), forever, 1).pause);
    EXPECT_EQ(after_failure(down, 3, make_rules(), forever, 1).reason, "");
}

// Whatever fails how often: never too often, never too early, never past the deadline, never twice where that could double a mail.
TEST(Attempts, KeepTheirPromisesWhateverFails) {
    std::mt19937 random(20261127);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    const boost::system::error_code codes[] = {infra::errc::overloaded, infra::errc::unavailable,
                                               infra::errc::timed_out,  infra::errc::io,
                                               errc::quota_exceeded,    errc::refused};
    for (int round = 0; round < 20'000; ++round) {
        const attempt_rules rules{.attempts = 1 + below(6),
                                  .pause = {.type = backoff::kind::exponential,
                                            .delay = std::chrono::milliseconds(below(2000)),
                                            .max = std::chrono::milliseconds(below(4000)),
                                            .jitter = below(101) / 100.0},
                                  .keeps_keys = below(2) == 0};
        auto left = std::chrono::milliseconds(below(30'000));
        for (int made = 1;; ++made) {
            const auto why = make_failure(codes[below(6)], {.retryable = below(4) > 0,
                                                            .uncertain = below(3) == 0,
                                                            .retry_after = std::chrono::milliseconds(below(5000))});
            const auto next = after_failure(why, made, rules, left, below(100) / 100.0);
            if (!next.pause)
                break;
            ASSERT_LT(made, rules.attempts);
            ASSERT_TRUE(why.retryable());
            ASSERT_TRUE(rules.keeps_keys || !why.uncertain());
            ASSERT_FALSE(why.code() == errc::quota_exceeded || why.code() == errc::refused ||
                         why.code() == infra::errc::io);
            ASSERT_GE(*next.pause, why.retry_after());
            ASSERT_LT(*next.pause, left);
            left -= *next.pause;
        }
    }
}

TEST(Attempts, AreTold) {
    const auto last =
        make_failure(infra::errc::unavailable, {.name = "down", .status = 503, .retryable = true, .retry_after = 2s});
    EXPECT_STREQ(summed_up(last, 1, false, "").what(), "no");
    EXPECT_STREQ(summed_up(last, 3, false, "").what(), "no; tried 3 times");
    EXPECT_STREQ(summed_up(last, 1, false, "the deadline comes before the next attempt").what(),
                 "no; not tried again: the deadline comes before the next attempt");
    const auto told = summed_up(last, 2, true, "");
    EXPECT_EQ(told.code(), infra::errc::unavailable);
    EXPECT_EQ(told.name(), "down");
    EXPECT_EQ(told.status(), 503);
    EXPECT_TRUE(told.retryable());
    EXPECT_TRUE(told.uncertain());
    EXPECT_EQ(told.retry_after(), 2s);
    EXPECT_FALSE(summed_up(last, 2, false, "").uncertain());
}

} // namespace
} // namespace infra::email
