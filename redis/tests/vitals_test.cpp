#include "src/vitals.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using namespace std::chrono_literals;
using verdict = vitals::verdict;

const steady_time noon{std::chrono::hours(12)};
constexpr vital_limits limits{.ping_every = 5s, .response_timeout = 3s};

TEST(Vitals, AsksAConnectionThatIsIdle) {
    const vitals v(limits, noon);
    EXPECT_EQ(v.judge(noon + 4999ms, false, false), verdict::well);
    EXPECT_EQ(v.judge(noon + 5s, false, false), verdict::ask);
    EXPECT_EQ(v.next(false, false), noon + 5s);
}

TEST(Vitals, GivesUpAServerThatOwesAndIsSilent) {
    vitals v(limits, noon);
    v.began_to_owe(noon + 4s);
    EXPECT_EQ(v.next(true, false), noon + 7s);
    EXPECT_EQ(v.judge(noon + 6999ms, true, false), verdict::well) << "its silence before it owed anything says nothing";
    EXPECT_EQ(v.judge(noon + 7s, true, false), verdict::dead);
}

TEST(Vitals, BearsWithAServerThatIsSlowAndSpeaks) {
    vitals v(limits, noon);
    for (auto t = noon; t < noon + 1min; t += 2s) {
        v.heard(t);
        EXPECT_EQ(v.judge(t + 2s, true, false), verdict::well);
    }
}

TEST(Vitals, GivesUpAServerThatTakesNoBytes) {
    vitals v(limits, noon);
    v.began_to_write(noon + 1s);
    v.heard(noon + 3s);
    EXPECT_EQ(v.judge(noon + 3s, true, true), verdict::well);
    EXPECT_EQ(v.next(true, true), noon + 4s);
    EXPECT_EQ(v.judge(noon + 4s, true, true), verdict::dead) << "though it speaks";
    v.wrote(noon + 4s);
    EXPECT_EQ(v.judge(noon + 4s, true, true), verdict::well);
}

TEST(Vitals, BearsWithAnUploadThatTakesLong) {
    vitals v(limits, noon);
    for (auto t = noon; t < noon + 1min; t += 2s) {
        v.wrote(t);
        EXPECT_EQ(v.judge(t + 2s, false, true), verdict::well) << "and asks nothing that would queue behind it";
        EXPECT_EQ(v.next(false, true), t + 3s);
    }
}

} // namespace
} // namespace infra::redis::detail
