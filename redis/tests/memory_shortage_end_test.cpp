// How a client comes to its end where an allocation fails on the way.

#include "src/alarm.hpp"

#include "tests/on_a_server.hpp"

#include "memory_shortage.hpp"

#include <infra/redis/tracking.hpp>

#include <algorithm>
#include <new>

#ifdef INFRA_TESTS_RUN_SHORT_OF_MEMORY

namespace infra::redis {
namespace {

class RedisEndWithoutMemory : public on_a_server {
protected:
    std::size_t connected() {
        const auto all = ask<std::string>({"CLIENT", "LIST"});
        return static_cast<std::size_t>(std::ranges::count(all, '\n'));
    }
};

struct copies final : change_listener {
    void listening() override {}
    void deaf() override {}
    void changed(const std::vector<std::string>&) override {}
    void all_changed() override {}
};

TEST_F(RedisEndWithoutMemory, AnAlarmThatCouldNotBeSetIsSetAnew) {
    int rang = 0;
    detail::alarm subject(loop.get_executor(), real_clock(), [&] { ++rang; });
    const auto at = real_clock().steady();
    long failed = 0;
    for (bool fell_short = true; fell_short; ++failed) {
        {
            const testing::shortage begun(failed);
            try {
                subject.set(at);
            } catch (const std::bad_alloc&) {
            }
        }
        fell_short = testing::shortage::felt();
        if (fell_short) {
            EXPECT_EQ(subject.when(), steady_time::max()) << failed;
        }
    }
    EXPECT_GT(failed, 1);
    loop.until([&] { return rang > 0; });
}

// Whatever it could not tell of its end finds out.
TEST_F(RedisEndWithoutMemory, LeavesNoConnectionWhicheverAllocationFails) {
    const auto before = connected();
    auto to = one->over_socket();
    to.ping_every = 100ms;
    const auto kept = std::make_shared<copies>();
    long failed = 0;
    for (bool fell_short = true; fell_short; ++failed) {
        std::optional<client> subject(std::in_place, std::vector{loop.get_executor()}, to);
        loop.wait(subject->execute<void>({"SET", "k", "v"}));
        const auto news = loop.get(subject->subscribe({.channels = {"news"}}));
        const auto changes = subject->track({}, kept);
        loop.until([&] { return connected() == before + 3; });
        {
            const testing::shortage begun(failed);
            subject.reset();
        }
        fell_short = testing::shortage::felt();
        loop.until([&] { return connected() == before; });
    }
    EXPECT_GT(failed, 3);
}

} // namespace
} // namespace infra::redis

#endif
