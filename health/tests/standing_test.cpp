#include "src/standing.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace infra::health::detail {
namespace {

using namespace std::chrono_literals;
using enum health_status;

health_status status_of(char letter) { return letter == 'h' ? healthy : letter == 'd' ? degraded : unhealthy; }

/// What is shown after each of the answers.
std::string shown_after(std::string_view answers, const check_options& options) {
    standing s;
    std::string all;
    for (const char answer : answers) {
        note(s, status_of(answer), options, {});
        all += to_string(shown(s, options)).front();
    }
    return all;
}

TEST(HealthStanding, ShowsWhatEnoughAnswersInARowSay) {
    const struct {
        int worse_after;
        int better_after;
        const char* answers;
        const char* shown;
    } rows[] = {
        {1, 1, "hduhd", "hduhd"},
        {3, 1, "huuuh", "hhhuh"},
        {3, 1, "huuhuuuh", "hhhhhhuh"}, // one good answer begins the count anew
        {3, 1, "hdduh", "hhhuh"},       // worse of any kind; the latest says how bad
        {1, 2, "uhuhh", "uuuuh"},
        {2, 2, "uuuhdh", "uuuudd"},   // better of any kind; the latest says how good
        {3, 3, "uuu", "uuu"},         // the first answer counts at once
        {2, 2, "dhuhuhh", "ddddddh"}, // better and worse in turn change nothing
        {1000, 1, "huuuuuuuuuuu", "hhhhhhhhhhhh"},
    };
    for (const auto& row : rows) {
        const check_options options{.worse_after = row.worse_after, .better_after = row.better_after};
        EXPECT_EQ(shown_after(row.answers, options), row.shown) << row.answers;
    }
}

TEST(HealthStanding, IsDegradedAtWorstIfNotCritical) { EXPECT_EQ(shown_after("hudu", {.critical = false}), "hddd"); }

TEST(HealthStanding, IsHealthyBeforeAnythingIsKnown) { EXPECT_EQ(shown({}, {}), healthy); }

TEST(HealthStanding, RemembersTheLastSuccessAndFailureAndCountsFailures) {
    standing s;
    const wall_time noon{12h};
    note(s, degraded, {}, noon);
    EXPECT_EQ(s.last_success, noon) << "it works";
    note(s, unhealthy, {}, noon + 1s);
    note(s, unhealthy, {}, noon + 2s);
    EXPECT_EQ(s.failures, 2u);
    EXPECT_EQ(s.last_failure, noon + 2s);
    note(s, healthy, {}, noon + 3s);
    EXPECT_EQ(s.failures, 0u);
    EXPECT_EQ(s.last_success, noon + 3s);
    EXPECT_EQ(s.last_failure, noon + 2s);
}

} // namespace
} // namespace infra::health::detail
