#include <infra/redis.hpp>

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <infra/runtime/event_loop.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <thread>

namespace infra::redis {
namespace {

class RedisLifecycle : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace(std::vector<std::string>{}, false);
    }

    std::optional<server> one;
};

TEST_F(RedisLifecycle, StopsAfterCommandsUnderWayHaveEnded) {
    test_loop loop;
    const client redis({loop.get_executor()}, one->over_socket());
    loop.wait(redis.execute<void>({"PING"}));
    const auto slow = loop.spawn(redis.execute({"DEBUG", "SLEEP", 0.1}));
    loop.io.poll();
    const auto stopped = loop.spawn(redis.stop(deadline::after(10s)));
    const auto late = loop.run(redis.execute({"PING"}));
    EXPECT_EQ(late->code(), infra::errc::closed);
    loop.until([&] { return stopped->done(); });
    EXPECT_TRUE(slow->value) << slow->what();
    EXPECT_EQ(redis.status().connections, 0u);
    EXPECT_EQ(loop.run(redis.lease())->code(), infra::errc::closed);
    EXPECT_EQ(loop.run(redis.subscribe({.channels = {"c"}}))->code(), infra::errc::closed);
}

TEST_F(RedisLifecycle, StopsAfterCommandsThatBlockHaveEnded) {
    test_loop loop;
    const client redis({loop.get_executor()}, one->over_socket());
    const auto blocked = loop.spawn(redis.execute({"BLPOP", "nothing", 0.1}));
    loop.until([&] { return redis.status().sessions == 1; });
    loop.wait(redis.stop(deadline::after(10s)));
    EXPECT_TRUE(blocked->done());
    EXPECT_TRUE(blocked->value) << blocked->what();
    EXPECT_EQ(redis.status().sessions, 0u);
}

TEST_F(RedisLifecycle, CutsWhatIsLeftAtTheDeadline) {
    test_loop loop;
    const client redis({loop.get_executor()}, one->over_socket());
    loop.wait(redis.execute<void>({"PING"}));
    const auto slow = loop.spawn(redis.execute({"DEBUG", "SLEEP", 0.3}));
    loop.io.poll();
    loop.wait(redis.stop(deadline::after(10ms)));
    loop.until([&] { return slow->done(); });
    EXPECT_EQ(slow->code(), errc::lost);
    EXPECT_NE(slow->what().find("the client was stopped after it was sent; it may have been executed"),
              std::string::npos)
        << slow->what();
    EXPECT_TRUE(may_have_been_executed(slow->code()));
}

// The server could have taken an element off for it.
TEST_F(RedisLifecycle, SaysOfACommandThatBlockedThatItMayHaveBeenExecuted) {
    test_loop loop;
    const client redis({loop.get_executor()}, one->over_socket());
    const auto blocked = loop.spawn(redis.execute({"BLPOP", "nothing", 10}));
    const client other({loop.get_executor()}, one->over_socket());
    loop.until([&] {
        return loop.get(other.execute<std::string>({"CLIENT", "LIST"})).find("cmd=blpop") != std::string::npos;
    });
    loop.wait(redis.stop(deadline::after(10ms)));
    loop.until([&] { return blocked->done(); });
    EXPECT_EQ(blocked->code(), errc::lost) << blocked->what();
}

// A question of the client's own, which a silent server leaves open.
TEST_F(RedisLifecycle, WaitsForNoPingOfItsOwn) {
    test_loop loop;
    manual_clock time;
    proxy between(loop.get_executor(), one->socket());
    const client redis({loop.get_executor()}, between.to(), time);
    loop.wait(redis.execute<void>({"GET", "k"}));
    between.on_reply = [](std::string) -> std::optional<std::string> { return std::string(); };
    loop.settle();
    time.advance(5s);
    loop.until([&] { return redis.status().commands == 1; });
    const auto stopped = loop.spawn(redis.stop(deadline(time.steady() + 1h)));
    loop.until([&] { return stopped->done(); });
}

awaitable<void> ask_for_ever(std::shared_ptr<client> redis) {
    while (true) {
        co_await redis->execute({"INCR", "n"});
        co_await redis->execute({{"INCR", "n"}, {"GET", "n"}});
    }
}

awaitable<void> hear_for_ever(std::shared_ptr<client> redis) {
    const auto news = co_await redis->subscribe({.channels = {"news"}});
    while (true)
        co_await news.receive();
}

awaitable<void> block_for_ever(std::shared_ptr<client> redis) {
    while (true)
        co_await redis->execute({"BLPOP", "nothing", 10});
}

// The coroutines own the client, and the loop owns the coroutines.
TEST_F(RedisLifecycle, BearsItsLoopsDestructionAtAnyStep) {
    for (int steps = 0; steps < 60; ++steps) {
        test_loop doomed;
        const auto redis = std::make_shared<client>(std::vector{doomed.get_executor()}, one->over_socket());
        const auto asks = doomed.spawn(ask_for_ever(redis));
        const auto hears = doomed.spawn(hear_for_ever(redis));
        const auto blocks = doomed.spawn(block_for_ever(redis));
        for (int i = 0; i < steps; ++i) {
            doomed.io.restart();
            doomed.io.run_one_for(1s);
        }
        EXPECT_FALSE(asks->done()) << asks->what();
    }
}

TEST_F(RedisLifecycle, BearsItsOwnDestructionByACaller) {
    test_loop loop;
    auto redis = std::make_unique<client>(std::vector{loop.get_executor()}, one->over_socket());
    const auto destroyer = [&]() -> awaitable<void> {
        co_await redis->execute({"PING"});
        redis.reset();
    };
    std::vector<std::shared_ptr<outcome<reply>>> others;
    for (int i = 0; i < 10; ++i)
        others.push_back(loop.spawn(redis->execute({"INCR", "n"})));
    loop.wait(destroyer());
    for (const auto& each : others) {
        loop.until([&] { return each->done(); });
        EXPECT_TRUE(each->value || each->code() == infra::errc::closed) << each->what();
    }
}

TEST_F(RedisLifecycle, EndsThoseWhoWaitForAConnectionThatNeverComes) {
    test_loop loop;
    auto redis =
        std::make_unique<client>(std::vector{loop.get_executor()}, options{.socket_path = one->folder() + "/nobody"});
    const auto waits = loop.spawn(redis->execute({"INCR", "n"}, deadline::never()));
    loop.settle();
    redis.reset();
    loop.until([&] { return waits->done(); });
    EXPECT_EQ(waits->code(), infra::errc::closed);
}

std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
}

TEST_F(RedisLifecycle, LeavesNoDescriptorOpen) {
    test_loop loop;
    std::ptrdiff_t before = 0;
    for (int round = 0; round < 3; ++round) {
        const client redis({loop.get_executor()}, one->over_socket());
        loop.wait(redis.execute<void>({"PING"}));
        {
            const auto own = loop.get(redis.lease());
        }
        const auto news = loop.get(redis.subscribe({.channels = {"c"}}));
        loop.wait(redis.stop(deadline::after(1s)));
        loop.settle();
        if (round == 0)
            before = open_descriptors(); // the loop has some of its own by now
    }
    EXPECT_EQ(open_descriptors(), before);
}

/// How it ended, in words: an exception's last owner may be any thread, which ThreadSanitizer cannot see to be in order.
std::future<std::string> begin(executor ex, awaitable<reply> operation) {
    const auto ending = std::make_shared<std::promise<std::string>>();
    asio::co_spawn(ex, std::move(operation),
                   [ending](std::exception_ptr e, reply) { ending->set_value(e ? infra::describe(e) : "answered"); });
    return ending->get_future();
}

TEST_F(RedisLifecycle, IsDestroyedAndCancelledFromElsewhere) {
    event_loops loops(2);
    loops.start();
    for (int round = 0; round < 30; ++round) {
        auto redis = std::make_unique<client>(std::vector{loops[0].get_executor()}, one->over_socket());
        std::vector<std::future<std::string>> all;
        for (int i = 0; i < 4; ++i)
            all.push_back(begin(loops[1].get_executor(),
                                redis->execute({"BLPOP", "nothing", 0}, deadline::after(i * 2ms + 1ms))));
        for (std::size_t i = 0; i < 4; ++i)
            all.push_back(begin(loops[i % 2].get_executor(), redis->execute({"INCR", "n"})));
        if (round % 2)
            redis.reset();
        for (auto& each : all)
            EXPECT_NE(each.get(), "");
    }
    loops.stop();
}

TEST_F(RedisLifecycle, IsDestroyedElsewhereWhileSessionsRest) {
    event_loops loops(1);
    loops.start();
    for (int round = 0; round < 30; ++round) {
        auto redis = std::make_unique<client>(std::vector{loops[0].get_executor()}, one->over_socket());
        const auto use_one = [](const client& of) -> awaitable<reply> {
            const auto own = co_await of.lease();
            co_return co_await own.execute({"PING"});
        };
        EXPECT_NE(begin(loops[0].get_executor(), use_one(*redis)).get(), "");
        redis.reset();
    }
    loops.stop();
}

TEST_F(RedisLifecycle, KeepsTheCallersContext) {
    test_loop loop;
    const client redis({loop.get_executor()}, one->over_socket());
    const auto named = [&](std::string id, int times) -> awaitable<void> {
        const context_scope in(context::current().with_request_id(id));
        for (int i = 0; i < times; ++i) {
            co_await redis.execute({"INCR", "n"});
            EXPECT_EQ(context::current().request_id(), id);
        }
    };
    const auto a = loop.spawn(named("a", 20)), b = loop.spawn(named("b", 20));
    loop.until([&] { return a->done() && b->done(); });
    EXPECT_TRUE(a->value && b->value);
}

} // namespace
} // namespace infra::redis
