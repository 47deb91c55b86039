// A server that has its data to load first, and whoever asks it meanwhile.

#include "tests/on_a_cluster.hpp"
#include "tests/sentinel_actors.hpp"
#include "tests/slow_to_load.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::redis {
namespace {

const script counts("return redis.call('INCR', KEYS[1])");

class RedisLoadingServer : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        slow.emplace(loop);
        redis.emplace(std::vector{loop.get_executor()}, slow->real().over_tcp());
    }

    template <class T>
    std::shared_ptr<outcome<T>> ask(command c, std::chrono::milliseconds patience = 25s) {
        return loop.spawn(redis->execute<T>(std::move(c), deadline::after(patience)));
    }
    int value_of(const char* key) { return slow->ask<std::optional<int>>({"GET", key}).value_or(0); }
    void until_somebody_was_refused() {
        loop.until([&] { return redis->status().not_ready == 1; });
    }

    test_loop loop;
    std::optional<slow_to_load> slow;
    std::optional<client> redis;
};

template <class T>
void expect_to_wait(const std::shared_ptr<outcome<T>>& one) {
    EXPECT_FALSE(one->done()) << (one->failure ? one->what() : "it was answered");
}

template <class T>
T answer_of(test_loop& loop, const std::shared_ptr<outcome<T>>& one) {
    loop.until([&] { return one->done(); });
    if (one->failure)
        std::rethrow_exception(one->failure);
    return *one->value;
}

TEST_F(RedisLoadingServer, IsWaitedForByCommandsOfEachKind) {
    loop.get(redis->execute<int>(counts.call({"scripted"})));
    slow->restart();
    const auto read = ask<std::string>({"GET", "key:1"});
    const auto counted = ask<int>({"INCR", "n"});
    const auto scripted = ask<int>(counts.call({"scripted"}));
    const auto several =
        loop.spawn(redis->execute(batch{{"GET", "key:2"}, {"INCR", "b"}, {"INCR", "b"}}, deadline::after(25s)));
    const auto together =
        loop.spawn(redis->transaction({{"INCR", "t"}, {"GET", "key:3"}, {"INCR", "t"}}, deadline::after(25s)));
    const auto pinged = loop.spawn(redis->ping(deadline::after(25s)));
    const auto blocks = loop.spawn(redis->execute<std::pair<std::string, std::string>>({"BLPOP", "list", 25}));
    const auto leased = loop.spawn(redis->lease(deadline::after(25s)));
    until_somebody_was_refused();
    loop.settle();
    expect_to_wait(read);
    expect_to_wait(counted);
    expect_to_wait(scripted);
    expect_to_wait(several);
    expect_to_wait(together);
    expect_to_wait(pinged);
    expect_to_wait(blocks);
    expect_to_wait(leased);
    ASSERT_TRUE(slow->is_loading());
    slow->hurry();
    EXPECT_EQ(answer_of(loop, read).size(), 1000u);
    EXPECT_EQ(answer_of(loop, counted), 1);
    EXPECT_EQ(answer_of(loop, scripted), 2);
    EXPECT_EQ(answer_of(loop, several).at(2).as_integer(), 2);
    EXPECT_EQ(answer_of(loop, together).at(2).as_integer(), 2);
    answer_of(loop, pinged);
    loop.until([&] { return leased->done(); });
    ASSERT_TRUE(leased->value) << leased->what();
    EXPECT_EQ(loop.get(leased->value->execute<int>({"INCR", "s"})), 1);
    loop.wait(redis->execute<void>({"RPUSH", "list", "a"}));
    EXPECT_EQ(answer_of(loop, blocks).second, "a");
    EXPECT_EQ(redis->status().not_ready, 0u);
}

TEST_F(RedisLoadingServer, IsAskedInTheOrderOfItsCallersOnceItHasLoaded) {
    loop.get(redis->ping());
    slow->restart();
    std::vector<std::shared_ptr<outcome<int>>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(ask<int>({"RPUSH", "list", i}));
    until_somebody_was_refused();
    for (int i = 50; i < 100; ++i)
        all.push_back(ask<int>({"RPUSH", "list", i}));
    slow->hurry();
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(answer_of(loop, all[static_cast<std::size_t>(i)]), i + 1);
    const auto list = loop.get(redis->execute<std::vector<int>>({"LRANGE", "list", 0, -1}));
    EXPECT_TRUE(std::ranges::is_sorted(list));
    EXPECT_EQ(slow->refusals_of("rpush"), 50)
        << "what came meanwhile waited, and nothing was said twice before its time";
}

TEST_F(RedisLoadingServer, IsWaitedForUntilTheDeadlineWhichSaysWhy) {
    loop.get(redis->ping());
    slow->restart();
    const auto read = ask<std::string>({"GET", "key:1"}, 300ms);
    const auto pinged = loop.spawn(redis->ping(deadline::after(300ms)));
    const auto leased = loop.spawn(redis->lease(deadline::after(300ms)));
    const auto limited = loop.spawn(redis->execute({"BLPOP", "list", 0.3}));
    const auto endless = loop.spawn(redis->execute({"BLPOP", "list", 0}, deadline::after(300ms)));
    loop.until([&] { return read->done() && pinged->done() && leased->done() && limited->done() && endless->done(); });
    for (const auto& [code, what] :
         {std::pair(read->code(), read->what()), {pinged->code(), pinged->what()}, {leased->code(), leased->what()}}) {
        EXPECT_EQ(code, errc::not_connected) << what;
        EXPECT_NE(what.find("LOADING Redis is loading the dataset in memory"), std::string::npos) << what;
    }
    EXPECT_TRUE(endless->code() == errc::not_connected || endless->code() == errc::unanswered)
        << "the last time it was asked the server may not have answered by then: " << endless->what();
    ASSERT_TRUE(limited->value) << limited->what();
    EXPECT_TRUE(limited->value->is_null()) << "nothing came in its time";
    const auto told = redis->status();
    EXPECT_EQ(told.connections, 1u);
    EXPECT_EQ(told.not_ready, 1u);
    EXPECT_EQ(told.last_problem, "the server is not ready: LOADING Redis is loading the dataset in memory");
    slow->hurry();
    loop.until([&] { return redis->status().not_ready == 0; });
    loop.get(redis->ping());
}

// As a replica does whose master sends it everything anew.
TEST_F(RedisLoadingServer, MayBeginToLoadInTheMiddleOfAConnection) {
    session own = loop.get(redis->lease());
    loop.wait(own.execute<void>({"SET", "k", "v"}));
    loop.get(redis->ping());
    const auto reloaded = slow->reload();
    const auto counted = ask<int>({"INCR", "n"});
    until_somebody_was_refused();
    expect_to_wait(counted);
    EXPECT_EQ(loop.get(own.execute({"GET", "k"})).error_code(), "LOADING") << "only its owner may repeat it";
    own = session(); // back to the others
    const auto leased = loop.spawn(redis->lease(deadline::after(25s)));
    loop.settle();
    EXPECT_FALSE(leased->done());
    slow->hurry();
    EXPECT_EQ(answer_of(loop, counted), 1);
    loop.until([&] { return leased->done() && reloaded->done(); });
    ASSERT_TRUE(leased->value) << leased->what();
    EXPECT_EQ(loop.get(leased->value->execute<std::string>({"GET", "k"})), "v");
    EXPECT_EQ(redis->status().reconnects, 0u);
    EXPECT_EQ(redis->status().sessions, 1u) << "it was kept";
}

TEST_F(RedisLoadingServer, PassesMessagesOn) {
    slow->restart();
    const client speaks({loop.get_executor()}, slow->real().over_tcp());
    const auto heard = loop.get(redis->subscribe({.channels = {"news"}}));
    EXPECT_EQ(loop.get(speaks.execute<int>({"PUBLISH", "news", "hello"})), 1);
    EXPECT_EQ(loop.get(heard.receive()).at(0).payload, "hello");
    EXPECT_TRUE(slow->is_loading());
}

TEST_F(RedisLoadingServer, IsWaitedForFromOtherThreads) {
    loop.get(redis->ping());
    slow->restart();
    const auto first = ask<int>({"INCR", "n"});
    until_somebody_was_refused();
    test_loop elsewhere;
    const auto counted = elsewhere.spawn(redis->execute<int>({"INCR", "n"}, deadline::after(25s)));
    elsewhere.settle();
    loop.settle();
    EXPECT_FALSE(counted->done());
    slow->hurry();
    EXPECT_EQ(answer_of(loop, first), 1);
    loop.until([&] {
        elsewhere.settle();
        return counted->done();
    });
    EXPECT_EQ(counted->value, 2) << counted->what();
}

TEST_F(RedisLoadingServer, IsWaitedForBehindASentinel) {
    const actor sentinel(loop.get_executor(), naming(slow->real().port()));
    redis.emplace(std::vector{loop.get_executor()}, asking({sentinel.port()}));
    loop.get(redis->ping());
    slow->restart();
    const auto counted = ask<int>({"INCR", "n"});
    until_somebody_was_refused();
    expect_to_wait(counted);
    slow->hurry();
    EXPECT_EQ(answer_of(loop, counted), 1);
}

TEST_F(RedisLoadingServer, IsAlsoAReplicaThatTellsNothingWithoutItsMaster) {
    loop.wait(redis->execute<void>({"SET", "k", "v"}));
    slow->tell({"CONFIG", "SET", "replica-serve-stale-data", "no"});
    slow->tell({"REPLICAOF", "127.0.0.1", 1});
    const auto read = ask<std::string>({"GET", "k"});
    until_somebody_was_refused();
    EXPECT_NE(redis->status().last_problem.find("MASTERDOWN"), std::string::npos);
    slow->tell({"REPLICAOF", "NO", "ONE"});
    EXPECT_EQ(answer_of(loop, read), "v");
}

TEST_F(RedisLoadingServer, IsNotOneWhoseScriptSaysSo) {
    const auto said = loop.get(redis->execute(
        {"EVAL", "redis.call('INCR', KEYS[1]) return redis.error_reply('LOADING after counting')", 1, "n"}));
    EXPECT_EQ(said.error_message(), "LOADING after counting");
    EXPECT_EQ(value_of("n"), 1);
    EXPECT_EQ(redis->status().not_ready, 0u);
}

class RedisLoadingNode : public on_a_cluster {
protected:
    void begin_to_load(std::size_t i, const std::string& key) {
        aside.emplace(std::vector{loop.get_executor()}, all->node(i).over_socket());
        loads.emplace(std::vector{loop.get_executor()}, all->node(i).over_socket());
        loop.wait(aside->execute<void>({"DEBUG", "POPULATE", 300, key, 1000}));
        loop.wait(aside->execute<void>({"CONFIG", "SET", "key-load-delay", 20000,
                                        "loading-process-events-interval-bytes", 1024, "rdbcompression", "no"}));
        loaded = loop.spawn(loads->execute<void>({"DEBUG", "RELOAD"}, deadline::after(60s)));
        loop.until([&] { return is_loading(); });
    }
    bool is_loading() {
        return loop.get(aside->execute<std::string>({"INFO", "persistence"})).find("\nloading:1") != std::string::npos;
    }
    void hurry() { loop.wait(aside->execute<void>({"CONFIG", "SET", "key-load-delay", 0})); }

    std::optional<client> aside, loads;
    std::shared_ptr<outcome<bool>> loaded;
};

TEST_F(RedisLoadingNode, IsWaitedForByCommandsOfEachKindAndTheOthersAreNot) {
    begin();
    const auto key = key_of(1), elsewhere = key_of(0);
    tell({"SET", key, 1});
    begin_to_load(1, key);
    const auto counted = loop.spawn(redis->execute<int>({"INCR", key}, deadline::after(25s)));
    const auto scripted = loop.spawn(redis->execute<int>(counts.call({key_of(1, "scripted")}), deadline::after(25s)));
    const auto several =
        loop.spawn(redis->execute(batch{{"INCR", elsewhere}, {"INCR", key_of(1, "b")}}, deadline::after(25s)));
    const auto together =
        loop.spawn(redis->transaction({{"INCR", key_of(1, "t")}, {"INCR", key_of(1, "t")}}, deadline::after(25s)));
    const auto blocks =
        loop.spawn(redis->execute<std::pair<std::string, std::string>>({"BLPOP", key_of(1, "list"), 25}));
    const auto leased = loop.spawn(redis->lease_for(key, deadline::after(25s)));
    EXPECT_EQ(ask<int>({"INCR", key_of(0, "other")}), 1);
    loop.settle();
    ASSERT_TRUE(is_loading());
    expect_to_wait(counted);
    expect_to_wait(scripted);
    expect_to_wait(several);
    expect_to_wait(together);
    expect_to_wait(blocks);
    expect_to_wait(leased);
    hurry();
    EXPECT_EQ(answer_of(loop, counted), 2);
    EXPECT_EQ(answer_of(loop, scripted), 1);
    EXPECT_EQ(answer_of(loop, several).at(0).as_integer(), 1);
    EXPECT_EQ(answer_of(loop, together).at(1).as_integer(), 2);
    loop.until([&] { return leased->done() && loaded->done(); });
    EXPECT_TRUE(leased->value) << leased->what();
    tell({"RPUSH", key_of(1, "list"), "a"});
    EXPECT_EQ(answer_of(loop, blocks).second, "a");
}

} // namespace
} // namespace infra::redis
