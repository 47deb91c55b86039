#include <infra/app.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::app {
namespace {

using namespace std::chrono_literals;

struct Background : ::testing::Test {
    part counting(int most) {
        return background(
            "counting",
            [this, most]() -> awaitable<void> {
                if (++begun > most)
                    co_return co_await time.sleep_for(1h);
                throw std::runtime_error("not yet");
            },
            time);
    }

    testing::test_loop loop;
    manual_clock time;
    int begun = 0;
};

TEST_F(Background, IsBegunAgainAfterItFailed) {
    const auto work = counting(2);
    const auto run = loop.spawn(work.run());
    for (const int times : {1, 2}) {
        loop.until([&] { return time.sleepers() > 0; });
        EXPECT_EQ(begun, times);
        time.advance(10s);
        loop.until([&] { return begun == times + 1; });
    }
    loop.run(work.stop(deadline::never()));
    loop.until([&] { return run->done(); });
    EXPECT_FALSE(run->failure) << run->what();
}

TEST_F(Background, EndsWhenItIsToldWhateverItDoes) {
    const auto work = counting(0);
    const auto run = loop.spawn(work.run());
    loop.until([&] { return time.sleepers() > 0; });
    loop.run(work.stop(deadline::never()));
    loop.run(work.stop(deadline::never()));
    loop.until([&] { return run->done(); });
    EXPECT_FALSE(run->failure) << run->what();
}

TEST_F(Background, DoesNotBeginOnceItWasStopped) {
    const auto work = counting(0);
    loop.run(work.stop(deadline::never()));
    loop.run(work.run());
    EXPECT_EQ(begun, 0);
}

} // namespace
} // namespace infra::app
