// A master that moves, as its sentinels tell.

#include "src/sentinel_place.hpp"
#include "tests/proxy.hpp"
#include "tests/trio.hpp"

#include <boost/asio/ip/tcp.hpp>

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
    std::chrono::nanoseconds time_to_next_answer() {
        const auto began = std::chrono::steady_clock::now();
        const auto before = answered;
        loop.until([&] { return answered > before; });
        return std::chrono::steady_clock::now() - began;
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
    begin_to_count();
    three->master().pause(); // its connections stay open and say nothing
    three->until_switched();
    EXPECT_LT(time_to_next_answer(), 2s) << "options::response_timeout is 5 s";
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
    const auto began = std::chrono::steady_clock::now();
    loop.until([&] { return counted->done(); });
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
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

// --- What sentinels do not tell --------------------------------------------------------------------------------------

class RedisSentinelTrouble : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
    }
    test_loop loop;
};

TEST_F(RedisSentinelTrouble, IsToldApart) {
    trio three(loop, "masters-secret", "sentinels-secret");
    const client right({loop.get_executor()}, three.to());
    EXPECT_EQ(loop.get(right.execute<std::string>({"PING"})), "PONG");

    auto to = three.to();
    to.sentinel->master = "no-such-shop";
    const client unknown({loop.get_executor()}, to);
    const auto nobody = loop.run(unknown.execute({"PING"}));
    EXPECT_EQ(nobody->code(), errc::refused) << nobody->what();
    EXPECT_NE(nobody->what().find("it knows no master of that name"), std::string::npos) << nobody->what();

    to = three.to();
    to.sentinel->password = "wrong";
    const client unwanted({loop.get_executor()}, to);
    const auto denied = loop.run(unwanted.execute({"PING"}));
    EXPECT_EQ(denied->code(), errc::refused) << denied->what();
    EXPECT_NE(denied->what().find("WRONGPASS"), std::string::npos) << denied->what();

    to = three.to();
    to.sentinel->sentinels = {{.host = "127.0.0.1", .port = free_port()}};
    const client alone({loop.get_executor()}, to);
    const auto silence = loop.run(alone.execute({"PING"}, deadline::after(100ms)));
    EXPECT_EQ(silence->code(), errc::not_connected) << silence->what();
    EXPECT_NE(silence->what().find("no sentinel answers (127.0.0.1:"), std::string::npos) << silence->what();
}

TEST_F(RedisSentinelTrouble, IsWhoeverSaysThatHeIsNoMaster) {
    detail::sentinel_place place({.sentinel = sentinel_options{.sentinels = {{"h", 1}}, .master = "shop"}},
                                 real_clock());
    EXPECT_NO_THROW(place.check({.host = "a", .port = 1}, {.role = "master"}));
    EXPECT_NO_THROW(place.check({.host = "a", .port = 1}, {})) << "a server that does not tell";
    try {
        place.check({.host = "a", .port = 1}, {.role = "replica"});
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::not_connected);
        EXPECT_STREQ(e.what(), "the sentinels say that the master 'shop' is at a:1, which says that it is a replica");
    }
}

/// What a server says of itself when it is greeted behind sentinels.
std::string greeted_as(const std::string& role) { return hello_answer + "*1\r\n+" + role + "\r\n"; }

/// A sentinel that says that the master is there, and knows no other sentinel.
actor::part naming(std::uint16_t port) {
    return [port](std::size_t, const std::string& heard) -> std::optional<std::string> {
        if (heard.find("HELLO") != heard.npos)
            return hello_answer;
        const auto digits = std::to_string(port);
        return "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(digits.size()) + "\r\n" + digits + "\r\n*0\r\n";
    };
}

options asking(std::initializer_list<std::uint16_t> ports) {
    sentinel_options them{.master = trio::name};
    for (const auto port : ports)
        them.sentinels.push_back({.host = "127.0.0.1", .port = port});
    return {.sentinel = them};
}

TEST_F(RedisSentinelTrouble, IsNoSentinelThatIsWrong) {
    const server real;
    const actor former(loop.get_executor(), [](std::size_t, const std::string&) { return greeted_as("slave"); });
    const actor late(loop.get_executor(), naming(former.port()));
    const actor lost(loop.get_executor(), naming(free_port()));
    const actor right(loop.get_executor(), naming(real.port()));
    const client redis({loop.get_executor()}, asking({late.port(), lost.port(), right.port()}));
    EXPECT_EQ(loop.run(redis.execute<int>({"INCR", "n"}, deadline::after(10s)))->value, 1);
}

TEST_F(RedisSentinelTrouble, IsNoSentinelThatSaysNothing) {
    using asio::ip::tcp;
    const server real;
    tcp::acceptor silent(loop.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto port = silent.local_endpoint().port();
    const actor right(loop.get_executor(), naming(real.port()));
    auto to = asking({port, port, right.port()});
    to.connect_timeout = 600ms; // less than two of them would have had
    const client redis({loop.get_executor()}, to);
    EXPECT_EQ(loop.run(redis.execute<int>({"INCR", "n"}, deadline::after(10s)))->value, 1);
    EXPECT_EQ(redis.status().last_problem, "") << "the first attempt was enough";
}

// It was sent twice: the first server may have executed it, the second says that it did not.
TEST_F(RedisSentinelTrouble, IsNotForgottenWhenAReplicaRefuses) {
    const actor master(loop.get_executor(), [](std::size_t n, const std::string& heard) -> std::optional<std::string> {
        if (heard.find("HELLO") != heard.npos)
            return greeted_as(n < 2 ? "master" : "slave");
        if (n == 0)
            return std::nullopt;
        return "-READONLY You can't write against a read only replica.\r\n";
    });
    const actor sentinel(loop.get_executor(), naming(master.port()));
    const client redis({loop.get_executor()}, asking({sentinel.port()}));
    const auto end = loop.run(redis.execute({"SET", "k", "v"}, deadline::after(1s)));
    EXPECT_EQ(end->code(), errc::unanswered) << end->what();
}

TEST_F(RedisSentinelTrouble, IsToldInFewWords) {
    const actor talker(loop.get_executor(), [](std::size_t, const std::string& heard) -> std::optional<std::string> {
        const auto much = "-ERR " + std::string(10'000, 'x') + "\r\n";
        return heard.find("HELLO") != heard.npos ? hello_answer : much + much;
    });
    const client redis({loop.get_executor()}, asking({talker.port()}));
    const auto end = loop.run(redis.execute({"PING"}));
    EXPECT_EQ(end->code(), errc::refused);
    EXPECT_LT(end->what().size(), 500u);
}

} // namespace
} // namespace infra::redis
