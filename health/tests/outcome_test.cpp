#include "src/outcome.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace infra::health::detail {
namespace {

using namespace std::chrono_literals;
using enum health_status;

const steady_time zero(1h);

TEST(HealthOutcome, TellsWhyThereIsNoAnswer) {
    const struct {
        const char* name;
        std::chrono::nanoseconds began; // the run, since the check started
        std::chrono::nanoseconds now;
        const char* message;
    } rows[] = {
        {"deadline of the report", 0ms, 800ms, "no answer after 800 ms, when the report was due; it still runs"},
        {"deadline of a later report", 1s, 1800ms, "no answer after 1.8 s, when the report was due; it still runs"},
        {"its timeout", 0ms, 2s, "no answer within 2.0 s"},
        {"its timeout in a later report", 1999ms, 2001ms, "no answer within 2.0 s"},
        {"long past its timeout", 2s, 2s, "stuck: has run for 2.0 s and is not started again until it returns"},
        {"hours past its timeout", 2h, 2h, "stuck: has run for 7200.0 s and is not started again until it returns"},
    };
    for (const auto& row : rows) {
        const auto line = unanswered(zero, {.timeout = 2s}, zero + row.began, zero + row.now);
        EXPECT_EQ(line.message, row.message) << row.name;
        EXPECT_EQ(line.status, unhealthy) << row.name;
        EXPECT_EQ(line.running_for, row.now) << row.name;
        EXPECT_EQ(line.latency, row.now) << row.name;
        EXPECT_EQ(unanswered(zero, {.timeout = 2s, .critical = false}, zero + row.began, zero + row.now).status,
                  degraded);
    }
}

TEST(HealthOutcome, CapsWhatIsNotCriticalAtDegraded) {
    for (const auto said : {healthy, degraded, unhealthy}) {
        const answer known{.result = {.status = said, .message = "m"}, .latency = 3ms, .at = zero};
        EXPECT_EQ(answered(known, {}, zero).status, said);
        EXPECT_EQ(answered(known, {.critical = false}, zero).status, std::min(said, degraded));
    }
    EXPECT_EQ(not_asked({}).status, unhealthy);
    EXPECT_EQ(not_asked({.critical = false}).status, degraded);
}

TEST(HealthOutcome, KeepsWhatTheCheckSaid) {
    const answer known{.result = {.message = "m", .details = {{"k", 1}}}, .latency = 3ms, .at = zero};
    const auto line = answered(known, {}, zero + 2s);
    EXPECT_EQ(line.message, "m");
    EXPECT_EQ(line.details, (json::object{{"k", 1}}));
    EXPECT_EQ(line.latency, 3ms);
    EXPECT_EQ(line.age, 2s);
    EXPECT_FALSE(line.running_for);
}

TEST(HealthOutcome, GivesAgainOnlyWhatIsYoungEnough) {
    const answer known{.result = {}, .latency = 0ns, .at = zero};
    EXPECT_FALSE(may_be_given_again(known, {}, zero));
    EXPECT_TRUE(may_be_given_again(known, {.cache_for = 5s}, zero + 4999ms));
    EXPECT_FALSE(may_be_given_again(known, {.cache_for = 5s}, zero + 5s));
    EXPECT_TRUE(may_be_given_again(known, {.cache_for = std::chrono::milliseconds::max()}, zero + 10'000h));
    const check_options background{.timeout = 2s, .every = 10s};
    EXPECT_TRUE(may_be_given_again(known, background, zero + 11'999ms));
    EXPECT_FALSE(may_be_given_again(known, background, zero + 12s)) << "the next answer is overdue";
}

TEST(HealthOutcome, OverallIsTheWorst) {
    const struct {
        std::vector<health_status> checks;
        health_status overall;
    } rows[] = {{{}, healthy},
                {{healthy, healthy}, healthy},
                {{healthy, degraded, healthy}, degraded},
                {{unhealthy, degraded, healthy}, unhealthy}};
    for (const auto& row : rows) {
        check_list list;
        for (const auto status : row.checks)
            list.add("c" + std::to_string(list.size()), {.status = status});
        EXPECT_EQ(overall(list), row.overall);
    }
}

TEST(HealthOutcome, OverallDoesNotCountWhatWasSkipped) {
    check_list list;
    auto line = skipped("network");
    EXPECT_EQ(line.message, "skipped: `network` is unhealthy");
    line.status = unhealthy;
    list.add("db", line);
    EXPECT_EQ(overall(list), healthy);
}

TEST(HealthOutcome, FailureSaysWhatWasThrown) {
    const auto message_of = [](auto thrown) { return failure(std::make_exception_ptr(thrown)).message; };
    EXPECT_EQ(message_of(std::runtime_error("boom")), "boom");
    EXPECT_EQ(message_of(std::string("text")), "text");
    EXPECT_EQ(message_of(42), "an exception that is not a std::exception");
    EXPECT_EQ(message_of(std::runtime_error("redis://:hunter2@h")), "redis://[redacted]@h");
    EXPECT_EQ(failure(std::make_exception_ptr(42)).status, unhealthy);
}

TEST(HealthOutcome, GaugeFallsWithTheStatus) {
    EXPECT_EQ(gauge_value(healthy), 1);
    EXPECT_EQ(gauge_value(degraded), 0.5);
    EXPECT_EQ(gauge_value(unhealthy), 0);
}

} // namespace
} // namespace infra::health::detail
