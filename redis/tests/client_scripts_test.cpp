// Scripts and transactions of a client.

#include "tests/on_a_server.hpp"
#include "tests/proxy.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

using maybe = std::optional<std::string>;

class RedisClientScripts : public on_a_server {};

TEST_F(RedisClientScripts, SendsAScriptOnceInFullAndThenByItsDigest) {
    const script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    EXPECT_EQ(loop.get(redis->execute<int>(add.call({"n"}, {2}))), 2);
    EXPECT_EQ(loop.get(redis->execute<int>(add.call({"n"}, {3}))), 5);
    const auto info = ask<std::string>({"INFO", "commandstats"});
    EXPECT_NE(info.find("cmdstat_eval:calls=1,"), std::string::npos) << info;
}

TEST_F(RedisClientScripts, ForgivesAServerThatForgetsItsScripts) {
    const script one_more("return redis.call('INCR', KEYS[1])");
    for (int i = 1; i <= 3; ++i) {
        EXPECT_EQ(loop.get(redis->execute<int>(one_more.call({"n"}))), i);
        tell({"SCRIPT", "FLUSH"});
    }
    batch both;
    both.add({"SET", "a", "b"}).add(one_more.call({"n"})).add({"GET", "a"}).add(one_more.call({"n"}));
    const auto replies = loop.get(redis->execute(both));
    EXPECT_EQ(to<int>(replies[1]), 4);
    EXPECT_EQ(to<std::string>(replies[2]), "b");
    EXPECT_EQ(to<int>(replies[3]), 5);
}

TEST_F(RedisClientScripts, DoesABatchInItsOrderThoughTheServerKnowsNoneOfItsScripts) {
    const script twice("return redis.call('SET', KEYS[1], 2 * redis.call('GET', KEYS[1]))");
    batch b{{"SET", "k", 5}};
    b.add(twice.call({"k"})).add({"INCR", "k"}).add(twice.call({"k"})).add({"GET", "k"});
    const auto replies = loop.get(redis->execute(b));
    EXPECT_EQ(to<int>(replies[2]), 11);
    EXPECT_EQ(to<int>(replies[4]), 22);
    tell({"SCRIPT", "FLUSH"});
    const auto own = loop.get(redis->lease());
    EXPECT_EQ(to<int>(loop.get(own.execute(b))[4]), 22);
}

// A batch that loses its script in the middle, and of which the rest can be sent again no more.
TEST_F(RedisClientScripts, SaysThatTheFirstPartOfABatchHasBeenExecuted) {
    const script one_more("return redis.call('INCR', KEYS[1])");
    proxy between(loop.get_executor(), one->socket());
    manual_clock time;
    const client there({loop.get_executor()}, between.to(), time);
    loop.wait(there.execute<void>({"PING"}));
    std::string held; // all of it arrives at once
    between.on_reply = [&](std::string bytes) -> std::optional<std::string> {
        held += bytes;
        return held.find("NOSCRIPT") == held.npos ? std::string() : std::exchange(held, {});
    };
    const auto sleeper = [&]() -> awaitable<void> {
        co_await there.execute({"PING"});
        time.advance(2s); // so that no time is left for the rest of the batch
    };
    const auto sleeps = loop.spawn(sleeper());
    batch b{{"INCR", "n"}};
    b.add(one_more.call({"n"})).add({"SCRIPT", "FLUSH"}).add(one_more.call({"n"}));
    const auto cut = loop.spawn(there.execute(b));
    loop.until([&] { return cut->done() && sleeps->done(); });
    EXPECT_EQ(cut->code(), errc::lost);
    EXPECT_NE(cut->what().find("the rest of its batch has been executed"), std::string::npos) << cut->what();
    EXPECT_EQ(ask<int>({"GET", "n"}), 2);
}

TEST_F(RedisClientScripts, DoesAllOfATransactionOrNothing) {
    const script s("return 7");
    batch b{{"SET", "a", 1}, {"INCR", "a"}};
    b.add(s.call({}));
    const auto replies = loop.get(redis->transaction(b));
    ASSERT_EQ(replies.size(), 3u);
    EXPECT_EQ(to<int>(replies[1]), 2);
    EXPECT_EQ(to<int>(replies[2]), 7);
    const auto refused = loop.run(redis->transaction({{"INCR", "a"}, {"INCR"}}));
    EXPECT_EQ(refused->code(), errc::server);
    EXPECT_EQ(refused->what().find("INCR of a transaction: ERR wrong number"), 0u) << refused->what();
    EXPECT_EQ(ask<int>({"GET", "a"}), 2);
    EXPECT_TRUE(loop.get(redis->transaction({{"LPUSH", "a", 1}})).front().is_error()) << "while it ran";
    EXPECT_TRUE(loop.get(redis->transaction({})).empty());
}

} // namespace
} // namespace infra::redis
