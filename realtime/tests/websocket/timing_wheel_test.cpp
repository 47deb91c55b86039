#include "src/websocket/timing_wheel.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace infra::realtime::websocket {
namespace {

using namespace std::chrono_literals;

struct alarm : timed {
    steady_time when{};
    bool rang = false;
};

TEST(TimingWheel, RingsNeverEarlyAndAtMostATickLate) {
    const steady_time start{};
    timing_wheel wheel(100ms, start);
    std::mt19937 chance(1);
    std::vector<std::unique_ptr<alarm>> alarms;
    for (auto now = start; now < start + 120s;) {
        for (int i = 0; i < 5 && now < start + 60s; ++i) {
            alarms.push_back(std::make_unique<alarm>());
            alarms.back()->when = now + std::chrono::milliseconds(chance() % 50'000);
            wheel.schedule(*alarms.back(), alarms.back()->when);
        }
        now += std::chrono::milliseconds(chance() % (chance() % 50 == 0 ? 20'000 : 150));
        wheel.advance(now, [&](timed& t) {
            auto& rings = static_cast<alarm&>(t);
            EXPECT_FALSE(std::exchange(rings.rang, true));
            EXPECT_GE(now, rings.when);
        });
        for (const auto& each : alarms)
            EXPECT_TRUE(each->rang || now < each->when + 200ms);
    }
    for (const auto& each : alarms)
        EXPECT_TRUE(each->rang);
}

TEST(TimingWheel, ForgetsWhatIsDestroyedAndRingsWhatIsPutInAgain) {
    timing_wheel wheel(1s, {});
    auto first = std::make_unique<alarm>();
    auto second = std::make_unique<alarm>();
    alarm third;
    wheel.schedule(*first, steady_time(1s));
    wheel.schedule(*second, steady_time(1s));
    wheel.schedule(third, steady_time(30s));
    wheel.schedule(third, steady_time(1s));
    int rang = 0;
    wheel.advance(steady_time(1s), [&](timed& t) {
        second.reset();
        if (&t == first.get())
            wheel.schedule(t, steady_time(2s));
        ++rang;
    });
    EXPECT_EQ(rang, 2);
    wheel.advance(steady_time(2s), [&](timed& t) {
        EXPECT_EQ(&t, first.get());
        ++rang;
    });
    EXPECT_EQ(rang, 3);
    wheel.advance(steady_time(1000s), [&](timed&) { ++rang; });
    EXPECT_EQ(rang, 3);
}

} // namespace
} // namespace infra::realtime::websocket
