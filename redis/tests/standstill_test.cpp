// What happens to those who wait when the server stands still, or seems to.

#include <infra/redis.hpp>

#include "tests/outage.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::redis {
namespace {

using maybe = std::optional<std::string>;

TEST_F(RedisOutage, BoundsItsMemoryWhileTheServerStandsStill) {
    auto to = one->over_socket();
    to.max_queued_bytes = 4 << 20;
    const client bounded({loop.get_executor()}, to);
    loop.wait(bounded.execute<void>({"PING"}));
    one->pause();
    const auto before = resident_bytes();
    int overloaded = 0, others = 0;
    const auto value = std::make_shared<const std::string>(10'000, 'x');
    const auto caller = [&]() -> awaitable<void> {
        for (int i = 0; i < 10; ++i) {
            try {
                co_await bounded.execute<void>({"SET", "k", *value}, deadline::after(200ms));
            } catch (const error& e) {
                ++(e.code() == infra::errc::overloaded ? overloaded : others);
            }
        }
    };
    std::vector<std::shared_ptr<outcome<bool>>> all;
    for (int i = 0; i < 2000; ++i) // 200 MB, were they all taken
        all.push_back(loop.spawn(caller()));
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
    const auto after = resident_bytes();
    const auto grown = after - std::min(before, after);
    one->proceed();
    EXPECT_EQ(overloaded + others, 20'000);
    EXPECT_GT(overloaded, 15'000);
    EXPECT_LT(grown, (std::size_t{64} << 20) + leeway);
    EXPECT_EQ(loop.get(bounded.execute<std::string>({"PING"}, deadline::after(10s))), "PONG");
}

TEST_F(RedisOutage, WaitsTwoSecondsUnlessToldOtherwise) {
    impostor silent(loop.get_executor(), hello_answer);
    manual_clock time;
    const client c({loop.get_executor()}, silent.to(), time);
    const auto asked = loop.spawn(c.execute({"GET", "k"}));
    loop.until([&] { return c.status().connections == 1; });
    loop.settle();
    time.advance(1999ms);
    loop.settle();
    EXPECT_FALSE(asked->done());
    time.advance(1ms);
    loop.until([&] { return asked->done(); });
    EXPECT_EQ(asked->code(), errc::unanswered);
}

TEST_F(RedisOutage, GivesUpAConnectionThatOwesAndIsSilent) {
    auto to = between->to();
    to.response_timeout = 150ms;
    const client hasty({loop.get_executor()}, to);
    loop.wait(hasty.execute<void>({"PING"}));
    between->on_reply = [](std::string) -> std::optional<std::string> { return std::string(); };
    const auto read = loop.spawn(hasty.execute<maybe>({"GET", "k"}, deadline::after(10s)));
    loop.until([&] { return hasty.status().reconnects == 1; });
    EXPECT_NE(hasty.status().last_problem.find("silent"), std::string::npos);
    between->on_reply = nullptr;
    loop.until([&] { return read->done(); });
    EXPECT_TRUE(read->value) << "asked again on the next connection: " << read->what();
}

// Nobody answers what is still on its way.
TEST_F(RedisOutage, BearsWithAnUploadThatTakesLong) {
    manual_clock time;
    const client slow({loop.get_executor()}, between->to(), time);
    loop.wait(slow.execute<void>({"PING"}));
    std::chrono::milliseconds took{};
    between->on_request = [&](std::string bytes) -> std::optional<std::string> {
        time.advance(100ms);
        took += 100ms;
        return bytes;
    };
    const auto set = loop.spawn(slow.execute<void>({"SET", "k", std::string(5'000'000, 'x')}, deadline::never()));
    loop.until([&] { return set->done(); });
    EXPECT_TRUE(set->value) << set->what();
    EXPECT_GT(took, 20s);
    EXPECT_EQ(slow.status().reconnects, 0u);
    EXPECT_EQ(loop.get(direct->execute<int>({"STRLEN", "k"})), 5'000'000);
}

TEST_F(RedisOutage, FindsOutThatAnIdleConnectionIsDead) {
    auto to = between->to();
    to.ping_every = 100ms;
    to.response_timeout = 100ms;
    const client idle({loop.get_executor()}, to);
    loop.wait(idle.execute<void>({"PING"}));
    between->on_reply = [](std::string) -> std::optional<std::string> { return std::string(); };
    loop.until([&] { return idle.status().reconnects >= 1; });
    between->on_reply = nullptr;
    loop.until([&] { return idle.status().connections == 1; });
}

TEST_F(RedisOutage, BearsWithAServerThatIsBusyForAWhile) {
    const auto slow = loop.spawn(redis->execute({"DEBUG", "SLEEP", 1}));
    const auto next = loop.spawn(redis->execute<std::string>({"PING"}));
    loop.until([&] { return slow->done() && next->done(); });
    EXPECT_EQ(next->value, "PONG") << next->what();
    EXPECT_EQ(redis->status().reconnects, 0u);
}

} // namespace
} // namespace infra::redis
