// A master that turns out to be a replica by now.

#include "tests/sentinel_actors.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

class RedisDemotedMaster : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        real.emplace();
        sentinel.emplace(loop.get_executor(), naming(real->port()));
        direct.emplace(std::vector{loop.get_executor()}, real->over_socket());
        begin({});
    }
    void begin(options with) {
        with.sentinel = asking({sentinel->port()}).sentinel;
        redis.emplace(std::vector{loop.get_executor()}, with);
    }
    void demote() { loop.wait(direct->execute<void>({"REPLICAOF", "127.0.0.1", 1})); }
    void promote() { loop.wait(direct->execute<void>({"REPLICAOF", "NO", "ONE"})); }
    int waiting_there() {
        const std::string title = "blocked_clients:";
        const auto told = loop.get(direct->execute<std::string>({"INFO", "clients"}));
        return std::stoi(told.substr(told.find(title) + title.size()));
    }
    void until_it_is_looked_for(std::uint64_t losses = 1) {
        loop.until([&] { return redis->status().reconnects >= losses; });
        loop.until([&] { return redis->status().last_problem.find("says that it is a replica") != std::string::npos; });
    }

    test_loop loop;
    std::optional<server> real;
    std::optional<actor> sentinel;
    std::optional<client> direct, redis;
};

TEST_F(RedisDemotedMaster, IsLeftWithWhatItRefusedOfABatch) {
    loop.wait(redis->execute<void>({"SET", "k", "v"}));
    demote();
    batch b{{"GET", "k"}, {"INCR", "n"}, {"GET", "n"}, {"INCR", "n"}};
    const auto all = loop.spawn(redis->execute(b, deadline::after(25s)));
    until_it_is_looked_for();
    EXPECT_FALSE(all->done());
    promote();
    loop.until([&] { return all->done(); });
    ASSERT_TRUE(all->value) << all->what();
    EXPECT_EQ(all->value->at(0).as_text(), "v");
    EXPECT_EQ(all->value->at(2).as_text(), "1") << "read after it was counted";
    EXPECT_EQ(all->value->at(3).as_integer(), 2);
}

// Of a value so large the reply comes in many pieces, long after it was refused.
TEST_F(RedisDemotedMaster, IsLeftWithABatchWhoseRepliesComeInPieces) {
    loop.wait(redis->execute<void>({"SET", "large", std::string(4 << 20, 'v')}));
    demote();
    const auto all = loop.spawn(redis->execute(batch{{"INCR", "n"}, {"GET", "large"}}, deadline::after(25s)));
    until_it_is_looked_for();
    EXPECT_FALSE(all->done());
    promote();
    loop.until([&] { return all->done(); });
    ASSERT_TRUE(all->value) << all->what();
    EXPECT_EQ(all->value->at(0).as_integer(), 1);
    EXPECT_EQ(all->value->at(1).as_text().size(), 4u << 20);
}

TEST_F(RedisDemotedMaster, TakesNoRoomOfThoseThatAskLater) {
    loop.wait(redis->execute<void>({"SET", "k", "v"}));
    for (std::uint64_t times = 1; times <= 3; ++times) {
        demote();
        batch b{{"GET", "k"}, {"GET", "k"}, {"GET", "k"}, {"INCR", "n"}};
        const auto all = loop.spawn(redis->execute(b, deadline::after(25s)));
        until_it_is_looked_for(times);
        promote();
        loop.until([&] { return all->done(); });
        loop.settle();
        EXPECT_EQ(redis->status().commands, 0u) << times;
    }
}

awaitable<void> read_once_and_then_twice(client* from) {
    co_await from->execute({"GET", "k"});
    co_await from->execute(batch{{"GET", "k"}, {"GET", "k"}}, deadline::after(25s));
}

// Null would say that the key was there.
TEST_F(RedisDemotedMaster, IsNoReasonToAnswerNullWhereOthersTookTheRoom) {
    begin({.max_queued_commands = 2});
    loop.get(redis->ping());
    demote();
    const auto reader = loop.spawn(read_once_and_then_twice(&*redis));
    const auto writer = loop.spawn(redis->execute({"SET", "k", "w", "NX"}, deadline::after(25s)));
    until_it_is_looked_for();
    EXPECT_FALSE(writer->done());
    promote();
    loop.until([&] { return reader->done() && writer->done(); });
    ASSERT_TRUE(writer->value) << writer->what();
    EXPECT_EQ(writer->value->as_text(), "OK");
}

TEST_F(RedisDemotedMaster, IsLeftWithTheTransactionThatItRefused) {
    loop.wait(redis->execute<void>({"SET", "k", "v"}));
    demote();
    const auto all = loop.spawn(redis->transaction({{"INCR", "n"}, {"INCR", "n"}}, deadline::after(25s)));
    until_it_is_looked_for();
    EXPECT_FALSE(all->done());
    promote();
    loop.until([&] { return all->done(); });
    ASSERT_TRUE(all->value) << all->what();
    EXPECT_EQ(all->value->at(1).as_integer(), 2);
}

TEST_F(RedisDemotedMaster, IsNotWaitedAt) {
    loop.wait(redis->execute<void>({"SET", "k", "v"}));
    const auto waits = loop.spawn(redis->execute<std::pair<std::string, std::string>>({"BLPOP", "list", 25}));
    loop.until([&] { return waiting_there() == 1; });
    loop.wait(redis->execute<void>({"RPUSH", "other", "a"}));
    loop.get(redis->execute({"BLPOP", "other", 1})); // whose connection is kept
    demote();                                        // which ends the wait there
    const auto later = loop.spawn(redis->execute<std::pair<std::string, std::string>>({"BLPOP", "other", 25}));
    loop.settle();
    EXPECT_FALSE(waits->done()) << waits->what();
    EXPECT_FALSE(later->done()) << later->what();
    promote();
    loop.wait(direct->execute<void>({"RPUSH", "list", "a"}));
    loop.wait(direct->execute<void>({"RPUSH", "other", "b"}));
    loop.until([&] { return waits->done() && later->done(); });
    ASSERT_TRUE(waits->value) << waits->what();
    ASSERT_TRUE(later->value) << later->what();
    EXPECT_EQ(waits->value->second, "a");
    EXPECT_EQ(later->value->second, "b");
}

// Which is what it is told by a server to which nothing comes.
TEST_F(RedisDemotedMaster, IsNotWhatSomebodyIsToldWhoWaitedInVain) {
    loop.get(redis->ping());
    const auto limited = loop.spawn(redis->execute({"BLPOP", "list", 0.5}));
    const auto endless = loop.spawn(redis->execute({"BLPOP", "list", 0}, deadline::after(500ms)));
    loop.until([&] { return waiting_there() == 2; });
    demote();
    loop.until([&] { return limited->done() && endless->done(); });
    ASSERT_TRUE(limited->value) << limited->what();
    EXPECT_TRUE(limited->value->is_null()) << limited->value->error_message();
    EXPECT_EQ(endless->code(), errc::not_connected);
    EXPECT_NE(endless->what().find("BLPOP at redis+sentinel://"), std::string::npos) << endless->what();
}

TEST_F(RedisDemotedMaster, IsNotWhoseScriptSaysSo) {
    const auto said = loop.get(redis->execute(
        {"EVAL", "redis.call('INCR', KEYS[1]) return redis.error_reply('READONLY after counting')", 1, "n"}));
    EXPECT_EQ(said.error_message(), "READONLY after counting");
    EXPECT_EQ(loop.get(redis->execute<int>({"GET", "n"})), 1);
    EXPECT_EQ(redis->status().reconnects, 0u);
}

} // namespace
} // namespace infra::redis
