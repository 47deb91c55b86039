// A master that moves, as its sentinels tell.

#include "tests/trio.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

namespace infra::redis {
namespace {

class RedisSentinel : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        three.emplace(loop);
        redis.emplace(std::vector{loop.get_executor()}, three->to());
    }

    /// Counts until told to stop; each call has 300 ms.
    awaitable<void> count() {
        while (!stop) {
            try {
                co_await redis->execute<int>({"INCR", "n"}, deadline::after(300ms));
                ++answered;
            } catch (const error& e) {
                ++(may_have_been_executed(e.code()) ? unknown : refused);
            }
        }
    }

    void begin_to_count() {
        for (int i = 0; i < 20; ++i)
            callers.push_back(loop.spawn(count()));
        loop.until([&] { return answered > 500; });
    }

    /// From here until somebody has been answered again.
    std::chrono::milliseconds time_to_next_answer() {
        const stopwatch since(loop.get_executor());
        const auto before = answered;
        loop.until([&] { return answered > before; });
        return since.elapsed();
    }

    void end_counting() {
        stop = true;
        loop.until([&] { return std::ranges::all_of(callers, [](const auto& each) { return each->done(); }); });
    }

    test_loop loop;
    std::optional<trio> three;
    std::optional<client> redis;
    std::vector<std::shared_ptr<outcome<bool>>> callers;
    bool stop = false;
    int answered = 0, unknown = 0, refused = 0;
};

TEST_F(RedisSentinel, FollowsTheMasterWhenItIsKilledUnderLoad) {
    begin_to_count();
    three->master().kill();
    three->until_switched();
    EXPECT_LT(time_to_next_answer(), 2s);
    end_counting();
    EXPECT_GT(refused + unknown, 0) << "nothing was cut";
    EXPECT_LE(loop.get(redis->execute<int>({"GET", "n"})), answered + unknown) << "something was counted twice";
    EXPECT_EQ(redis->status().connections, 1u);
}

TEST_F(RedisSentinel, ServesCallersOnOtherThreadsThroughAFailover) {
    event_loop one, other;
    one.start();
    other.start();
    const client shared({one.get_executor(), other.get_executor()}, three->to());
    std::atomic<int> answered{0}, in_doubt{0};
    std::atomic<bool> end{false};
    const auto count = [&] {
        while (!end) {
            try {
                wait(shared.execute<int>({"INCR", "n"}, deadline::after(300ms)));
                ++answered;
            } catch (const error& e) {
                in_doubt += may_have_been_executed(e.code()) ? 1 : 0;
            }
        }
    };
    {
        std::vector<std::jthread> threads; // joined also by what throws
        for (int t = 0; t < 3; ++t)
            threads.emplace_back(count);
        const std::shared_ptr<void> ends(nullptr, [&](void*) { end = true; }); // before they are joined
        loop.until([&] { return answered > 100; });
        three->master().kill();
        three->until_switched();
        const auto before = answered.load();
        loop.until([&] { return answered > before + 100; });
    }
    EXPECT_LE(loop.get(redis->execute<int>({"GET", "n"})), answered + in_doubt);
    wait(shared.stop(deadline::after(5s)));
    one.stop();
    other.stop();
}

TEST_F(RedisSentinel, DoesNotWaitForAMasterThatStandsStill) {
    auto patient = three->to();
    patient.response_timeout = 1min; // nothing but the sentinels tells that it is gone
    redis.emplace(std::vector{loop.get_executor()}, patient);
    begin_to_count();
    three->master().pause(); // its connections stay open and say nothing
    three->until_switched();
    EXPECT_LT(time_to_next_answer(), 2s);
    end_counting();
    EXPECT_LE(loop.get(redis->execute<int>({"GET", "n"})), answered + unknown);
    EXPECT_NE(redis->status().last_problem.find("the master is at 127.0.0.1:"), std::string::npos)
        << redis->status().last_problem;
    three->master().proceed();
}

TEST_F(RedisSentinel, CarriesSubscriptionsAndSessionsOverToTheNewMaster) {
    auto news = loop.get(redis->subscribe({.channels = {"news"}}));
    std::optional<session> own = loop.get(redis->lease());
    loop.wait(own->execute<void>({"SET", "k", "v"}));
    three->master().kill();
    three->until_switched();
    const auto first = loop.get(news.receive());
    ASSERT_FALSE(first.empty());
    EXPECT_EQ(first.front().type, message::kind::resumed);
    loop.wait(redis->execute<void>({"PUBLISH", "news", "hello"}));
    EXPECT_EQ(loop.get(news.receive()).front().payload, "hello");
    EXPECT_FALSE(own->is_open());
    own = loop.get(redis->lease());
    EXPECT_EQ(loop.get(own->execute<int>({"INCR", "n"})), 1) << "a replica would have refused";
    loop.wait(redis->execute<void>({"RPUSH", "list", "a"}));
    EXPECT_TRUE(loop.run(redis->execute({"BLPOP", "list", 1}))->value);
}

TEST_F(RedisSentinel, AsksTheOthersWhenOneIsGoneOrSilent) {
    three->sentinel(0).kill();
    three->sentinel(1).pause();
    EXPECT_EQ(loop.get(redis->execute<int>({"INCR", "n"})), 1);
    three->sentinel(1).proceed();
}

// It takes the connection, as the kernel does in its place, and will not greet.
TEST_F(RedisSentinel, DoesNotGoOnConnectingToWhoIsNoMasterAnyMore) {
    auto to = three->to();
    to.connect_timeout = 25s;
    const client patient({loop.get_executor()}, to);
    three->master().pause();
    const auto counted = loop.spawn(patient.execute<int>({"INCR", "n"}, deadline::after(25s)));
    three->until_switched();
    const stopwatch since(loop.get_executor());
    loop.until([&] { return counted->done(); });
    EXPECT_LT(since.elapsed(), 5s);
    EXPECT_EQ(counted->value, 1) << counted->what();
    three->master().proceed();
}

// Nothing ends this connection: only what the server answers tells that it is the wrong one.
TEST_F(RedisSentinel, LooksForTheMasterWhenTheServerTurnsOutToBeAReplica) {
    loop.wait(redis->execute<void>({"SET", "k", "v"}));
    const client direct({loop.get_executor()}, three->master().over_socket());
    loop.wait(direct.execute<void>({"REPLICAOF", "127.0.0.1", 1}));
    const auto counted = loop.spawn(redis->execute<int>({"INCR", "n"}, deadline::after(20s)));
    loop.until([&] { return redis->status().reconnects >= 1; });
    loop.until([&] { return redis->status().last_problem.find("says that it is a replica") != std::string::npos; });
    EXPECT_FALSE(counted->done()) << "it was refused, not executed, and waits";
    loop.wait(direct.execute<void>({"REPLICAOF", "NO", "ONE"}));
    loop.until([&] { return counted->done(); });
    EXPECT_EQ(counted->value, 1) << counted->what();
}

// What comes behind the refused command is still on its way then; nobody would answer a half of it.
TEST_F(RedisSentinel, LooksForTheMasterAlsoInTheMiddleOfARequest) {
    loop.wait(redis->execute<void>({"SET", "k", "v"}));
    const client direct({loop.get_executor()}, three->master().over_socket());
    loop.wait(direct.execute<void>({"REPLICAOF", "127.0.0.1", 1}));
    const auto refused = loop.spawn(redis->execute<int>({"INCR", "n"}, deadline::after(25s)));
    const auto large =
        loop.spawn(redis->execute<void>({"SET", "large", std::string(32 * 1024 * 1024, 'x')}, deadline::after(25s)));
    loop.until([&] { return redis->status().reconnects >= 1; });
    EXPECT_FALSE(refused->done());
    EXPECT_FALSE(large->done());
    loop.wait(direct.execute<void>({"REPLICAOF", "NO", "ONE"}));
    loop.until([&] { return refused->done() && large->done(); });
    EXPECT_EQ(refused->value, 1) << refused->what();
    EXPECT_TRUE(large->value) << large->what();
}

TEST_F(RedisSentinel, ConnectsAsSoonAsASentinelSaysThatTheMasterHasMoved) {
    auto to = three->to();
    to.reconnect = {.delay = 25s, .max = 25s, .jitter = 0};
    const client slow({loop.get_executor()}, to);
    loop.wait(slow.execute<void>({"SET", "k", "v"}));
    three->master().kill();
    const auto counted = loop.spawn(slow.execute<int>({"INCR", "n"}, deadline::after(25s)));
    three->until_switched();
    const stopwatch since(loop.get_executor());
    loop.until([&] { return counted->done(); });
    EXPECT_LT(since.elapsed(), 10s);
    EXPECT_EQ(counted->value, 1) << counted->what();
}

} // namespace
} // namespace infra::redis
