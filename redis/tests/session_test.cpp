#include <infra/redis/session.hpp>

#include "tests/support.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

class RedisSession : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace(std::vector<std::string>{}, false);
        auto to = one->over_socket();
        to.max_sessions = 1;
        redis.emplace(std::vector{loop.get_executor()}, to);
    }

    session lease() { return loop.get(redis->lease()); }

    std::optional<server> one;
    test_loop loop;
    std::optional<client> redis;
};

TEST_F(RedisSession, DoesNothingWhenAWatchedKeyWasChanged) {
    const auto own = lease();
    loop.wait(own.execute<void>({"SET", "stock", 3}));
    loop.wait(own.execute<void>({"WATCH", "stock"}));
    loop.wait(redis->execute<void>({"SET", "stock", 1}));
    EXPECT_FALSE(loop.get(own.transaction({{"SET", "stock", 2}})));
    EXPECT_EQ(loop.get(redis->execute<int>({"GET", "stock"})), 1);
    loop.wait(own.execute<void>({"WATCH", "stock"}));
    const auto done = loop.get(own.transaction({{"INCR", "stock"}}));
    ASSERT_TRUE(done);
    EXPECT_EQ(to<int>(done->front()), 2);
}

TEST_F(RedisSession, IsKeptWhenItIsClean) {
    std::int64_t id = 0;
    {
        const auto own = lease();
        id = loop.get(own.execute<std::int64_t>({"CLIENT", "ID"}));
        loop.wait(own.execute<void>({"WATCH", "k"}));
        loop.get(own.transaction({{"PING"}}));
    }
    EXPECT_EQ(loop.get(lease().execute<std::int64_t>({"CLIENT", "ID"})), id);
}

TEST_F(RedisSession, IsClosedWhenItIsNot) {
    for (const command& c : {command{"SELECT", 1}, command{"WATCH", "k"}, command{"CLIENT", "NO-EVICT", "ON"}}) {
        std::int64_t id = 0;
        {
            const auto own = lease();
            id = loop.get(own.execute<std::int64_t>({"CLIENT", "ID"}));
            loop.wait(own.execute<void>(c));
        }
        EXPECT_NE(loop.get(lease().execute<std::int64_t>({"CLIENT", "ID"})), id) << c.name();
    }
}

TEST_F(RedisSession, IsClosedWhenSomethingIsOnItsWay) {
    asio::cancellation_signal stop;
    {
        const auto own = lease();
        const auto slow = loop.spawn(own.execute({"BLPOP", "k", 10}, deadline::after(20s)), stop.slot());
        loop.io.poll();
        loop.cancel(stop);
        loop.until([&] { return slow->done(); });
        EXPECT_FALSE(own.is_open());
    }
    EXPECT_EQ(loop.get(lease().execute<std::string>({"PING"})), "PONG");
}

TEST_F(RedisSession, IsNotReplacedWhenItIsLost) {
    const auto own = lease();
    loop.wait(own.execute<void>({"PING"}));
    one->kill();
    const auto lost = loop.run(own.execute({"GET", "k"}));
    EXPECT_TRUE(lost->code() == errc::lost || lost->code() == errc::not_connected) << lost->what();
    one->start();
    loop.settle();
    const auto still = loop.run(own.execute({"GET", "k"}));
    EXPECT_EQ(still->failure != nullptr, true);
    EXPECT_FALSE(own.is_open());
}

TEST_F(RedisSession, IsAskedForOnlyAsLongAsOneWaits) {
    const auto own = lease();
    const auto second = loop.run(redis->lease(deadline::after(50ms)));
    EXPECT_EQ(second->code(), errc::exhausted);
    EXPECT_EQ(loop.get(own.execute<std::string>({"PING"})), "PONG");
}

TEST_F(RedisSession, GoesToWhoeverWaits) {
    std::optional<session> own = lease();
    const auto second = loop.spawn(redis->lease(deadline::after(10s)));
    loop.settle();
    EXPECT_FALSE(second->done());
    own.reset();
    loop.until([&] { return second->done(); });
    EXPECT_TRUE(second->value) << second->what();
}

TEST_F(RedisSession, IsNotHeldByOneWhoCancelledWaitingForIt) {
    for (int steps = 0; steps < 12; ++steps) {
        std::optional<session> own = lease();
        asio::cancellation_signal stop;
        const auto second = loop.spawn(redis->lease(deadline::after(10s)), stop.slot());
        loop.settle();
        own.reset(); // it may be on its way to him by now
        for (int i = 0; i < steps; ++i)
            loop.io.poll_one();
        loop.cancel(stop);
        loop.until([&] { return second->done(); });
        EXPECT_TRUE(second->value || second->code() == asio::error::operation_aborted) << second->what();
        second->value.reset();
        EXPECT_EQ(loop.get(lease().execute<std::string>({"PING"})), "PONG");
    }
}

TEST_F(RedisSession, GoesToWhoeverStillWaits) {
    std::optional<session> own = lease();
    const auto patient = loop.spawn(redis->lease(deadline::after(30s)));
    const auto hasty = loop.spawn(redis->lease(deadline::after(20ms)));
    loop.until([&] { return hasty->done(); });
    EXPECT_EQ(hasty->code(), errc::exhausted);
    own.reset();
    loop.until([&] { return patient->done(); });
    EXPECT_FALSE(patient->failure);
}

TEST_F(RedisSession, SendsScriptsInFullWhenTheyAreUnknown) {
    const script s("return ARGV[1] + 1");
    const auto own = lease();
    EXPECT_EQ(loop.get(own.execute<int>(s.call({}, {1}))), 2);
    EXPECT_EQ(loop.get(own.execute<int>(s.call({}, {2}))), 3);
}

TEST_F(RedisSession, RefusesWhatBreaksTheOrderOfReplies) {
    const auto own = lease();
    EXPECT_EQ(loop.run(own.execute({"SUBSCRIBE", "c"}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.run(own.execute({"CLIENT", "REPLY", "SKIP"}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.run(own.transaction({{"WATCH", "k"}}))->code(), infra::errc::invalid_input);
    EXPECT_TRUE(own.is_open());
}

TEST_F(RedisSession, WaitsForAsLongAsItsCommandsDo) {
    manual_clock time;
    const client c({loop.get_executor()}, one->over_socket(), time);
    const auto own = loop.get(c.lease());
    const auto blocked = loop.spawn(own.execute<std::vector<std::string>>({"BLPOP", "k", 10}));
    loop.settle();
    time.advance(11s);
    loop.settle();
    EXPECT_FALSE(blocked->done()) << blocked->what();
    loop.wait(redis->execute<void>({"RPUSH", "k", "x"}));
    loop.until([&] { return blocked->done(); });
    EXPECT_EQ(blocked->value, (std::vector<std::string>{"k", "x"}));
    EXPECT_EQ(loop.run(own.execute({"BLPOP", "k", 0}))->code(), infra::errc::invalid_input);
    EXPECT_TRUE(own.is_open());
}

TEST_F(RedisSession, IsClosedAfterRestingForLong) {
    auto hasty = one->over_socket();
    hasty.session_max_idle = 30ms;
    const client c({loop.get_executor()}, hasty);
    {
        const auto own = loop.get(c.lease());
    }
    EXPECT_EQ(c.status().sessions, 1u);
    loop.until([&] { return c.status().sessions == 0; });
}

TEST_F(RedisSession, MayOutliveTheClient) {
    const auto own = lease();
    redis.reset();
    loop.settle();
    EXPECT_FALSE(own.is_open());
    EXPECT_EQ(loop.run(own.execute({"PING"}))->code(), infra::errc::closed);
}

} // namespace
} // namespace infra::redis
