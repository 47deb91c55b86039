#include <infra/redis.hpp>

#include "src/command_table.hpp"
#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>
#include <thread>

namespace infra::redis {
namespace {

using namespace std::string_literals;
using maybe = std::optional<std::string>;

class RedisClient : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace();
        redis.emplace(std::vector{loop.get_executor()}, one->over_socket());
    }

    template <class T>
    T ask(command c) {
        return loop.get(redis->execute<T>(std::move(c)));
    }
    void tell(command c) { loop.wait(redis->execute<void>(std::move(c))); }

    std::optional<server> one;
    test_loop loop;
    std::optional<client> redis;
};

TEST_F(RedisClient, SetsAndGets) {
    tell({"SET", "k", "v", "PX", 60'000});
    EXPECT_EQ(ask<maybe>({"GET", "k"}), "v");
    EXPECT_EQ(ask<maybe>({"GET", "none"}), std::nullopt);
    EXPECT_EQ(ask<int>({"INCR", "n"}), 1);
    EXPECT_EQ(ask<int>({"INCR", "n"}), 2);
}

TEST_F(RedisClient, SpeaksOverTcp) {
    const client tcp({loop.get_executor()}, one->over_tcp());
    EXPECT_EQ(loop.get(tcp.execute<std::string>({"PING"})), "PONG");
    auto by_name = one->over_tcp();
    by_name.host = "localhost";
    const client named({loop.get_executor()}, by_name);
    EXPECT_EQ(loop.get(named.execute<std::string>({"PING"})), "PONG")
        << "whichever of its addresses the server listens on";
}

std::optional<int> keepalive_towards(std::uint16_t port) {
    for (int fd = 3; fd < 1024; ++fd) {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || ntohs(peer.sin_port) != port)
            continue;
        int idle = 0;
        socklen_t length = sizeof idle;
        ::getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &length);
        return idle;
    }
    return std::nullopt;
}

// What blocks without end hears of a peer that has gone by the kernel alone.
TEST_F(RedisClient, HasTheKernelAskAfterAPeerThatIsSilent) {
    auto to = one->over_tcp();
    to.ping_every = 4500ms;
    const client tcp({loop.get_executor()}, to);
    loop.wait(tcp.execute<void>({"PING"}));
    EXPECT_EQ(keepalive_towards(one->port()), 5) << "seconds";
}

TEST_F(RedisClient, KeepsAnyBytesOfAnySize) {
    const auto key = "a\0\r\n*1\r\n\xff"s;
    const std::string large_key(1 << 20, 'k'), large(5 << 20, 'v');
    tell({"SET", key, ""});
    tell({"SET", large_key, large});
    EXPECT_EQ(ask<maybe>({"GET", key}), "");
    EXPECT_EQ(ask<maybe>({"GET", large_key}), large);
    EXPECT_EQ(ask<int>({"DEL", key, large_key}), 2);
}

TEST_F(RedisClient, GivesErrorsAsValuesAndThrowsThemWhereATypeIsAsked) {
    tell({"SET", "k", "v"});
    const auto r = loop.get(redis->execute({"LPUSH", "k", "x"}));
    EXPECT_EQ(r.error_code(), "WRONGTYPE");
    const auto thrown = loop.run(redis->execute<int>({"LPUSH", "k", "x"}));
    EXPECT_EQ(thrown->code(), errc::server);
    EXPECT_EQ(thrown->what().find("WRONGTYPE"), 0u);
}

TEST_F(RedisClient, ReadsEveryKindOfReply) {
    using kind = reply::kind;
    const std::pair<const char*, kind> kinds[] = {
        {"string", kind::text},       {"integer", kind::integer}, {"double", kind::real},      {"null", kind::null},
        {"array", kind::array},       {"set", kind::set},         {"map", kind::map},          {"attrib", kind::text},
        {"bignum", kind::big_number}, {"true", kind::boolean},    {"verbatim", kind::verbatim}};
    for (const auto& [name, wanted] : kinds)
        EXPECT_EQ(loop.get(redis->execute({"DEBUG", "PROTOCOL", name})).type(), wanted) << name;
}

TEST_F(RedisClient, AnswersABatchInOrder) {
    const auto replies = loop.get(redis->execute({{"SET", "a", 1}, {"INCR", "a"}, {"LPUSH", "a", "x"}, {"GET", "a"}}));
    ASSERT_EQ(replies.size(), 4u);
    EXPECT_EQ(to<int>(replies[1]), 2);
    EXPECT_TRUE(replies[2].is_error()) << "which is no reason to stop";
    EXPECT_EQ(to<int>(replies[3]), 2);
    EXPECT_TRUE(loop.get(redis->execute(batch())).empty());
}

TEST_F(RedisClient, GivesEachOfManyHisOwnReply) {
    constexpr int many = 1000;
    std::vector<std::shared_ptr<outcome<std::string>>> all;
    for (int i = 0; i < many; ++i)
        all.push_back(loop.spawn(redis->execute<std::string>({"ECHO", i})));
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
    for (int i = 0; i < many; ++i)
        EXPECT_EQ(all[static_cast<std::size_t>(i)]->value, std::to_string(i));
    EXPECT_EQ(redis->status().connections, 1u);
}

TEST_F(RedisClient, SendsTogetherWhatIsAskedTogether) {
    tell({"PING"});
    const auto reads = [&] {
        const auto info = ask<std::string>({"INFO", "stats"});
        const auto at = info.find("total_reads_processed:");
        return std::strtol(info.c_str() + at + 22, nullptr, 10);
    };
    const auto before = reads();
    std::vector<std::shared_ptr<outcome<reply>>> all;
    for (int i = 0; i < 100; ++i)
        all.push_back(loop.spawn(redis->execute({"PING"})));
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
    EXPECT_EQ(reads() - before, 2) << "one for a hundred, one for the question";
}

TEST_F(RedisClient, WaitsForCompanyWhereToldTo) {
    auto patient = one->over_socket();
    patient.flush_delay = 1000us;
    const client delayed({loop.get_executor()}, patient);
    EXPECT_EQ(loop.get(delayed.execute<std::string>({"PING"})), "PONG");
}

TEST_F(RedisClient, RefusesWhatWouldHarmOthers) {
    for (const char* name : {"SELECT", "MULTI", "WATCH", "SUBSCRIBE", "MONITOR", "QUIT"}) {
        const auto refused = loop.run(redis->execute({name, "0"}));
        EXPECT_EQ(refused->code(), infra::errc::invalid_input) << name;
    }
    EXPECT_EQ(loop.run(redis->execute({{"GET", "a"}, {"BLPOP", "a", 1}}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(ask<std::string>({"PING"}), "PONG");
}

// --- Greetings ------------------------------------------------------------------------------------------------------

TEST_F(RedisClient, SpeaksTheOlderProtocol) {
    auto older = one->over_socket();
    older.protocol = 2;
    const client old({loop.get_executor()}, older);
    loop.wait(old.execute<void>({"HSET", "h", "a", 1, "b", 2}));
    EXPECT_EQ((loop.get(old.execute<std::map<std::string, int>>({"HGETALL", "h"}))),
              (std::map<std::string, int>{{"a", 1}, {"b", 2}}));
    EXPECT_EQ(loop.get(old.execute({"HGETALL", "h"})).type(), reply::kind::array);
    EXPECT_EQ(loop.get(redis->execute({"HGETALL", "h"})).type(), reply::kind::map);
}

TEST_F(RedisClient, GetsOnWithAServerThatKnowsNoHello) {
    const server old({"--rename-command", "HELLO", "", "--requirepass", "secret"}, false);
    auto to = old.over_socket();
    to.password = "secret";
    to.database = 1;
    const client c({loop.get_executor()}, to);
    loop.wait(c.execute<void>({"HSET", "h", "a", 1}));
    EXPECT_EQ(loop.get(c.execute({"HGETALL", "h"})).type(), reply::kind::array) << "version 2";
    EXPECT_EQ((loop.get(c.execute<std::map<std::string, int>>({"HGETALL", "h"}))),
              (std::map<std::string, int>{{"a", 1}}));
    EXPECT_EQ(loop.get(c.transaction({{"INCR", "n"}, {"INCR", "n"}})).size(), 2u);
    EXPECT_EQ(loop.get(c.execute<std::string>({"CLIENT", "GETNAME"})), "infra");
    const auto news = loop.get(c.subscribe({.channels = {"news"}}));
    EXPECT_EQ(loop.get(c.execute<int>({"PUBLISH", "news", "a"})), 1);
    EXPECT_EQ(loop.get(news.receive()).front().payload, "a");
    const auto own = loop.get(c.lease());
    EXPECT_TRUE(loop.get(own.execute({"BLPOP", "l", 0.01})).is_null());
}

TEST_F(RedisClient, ChoosesDatabaseAndName) {
    auto second = one->over_socket();
    second.database = 2;
    second.client_name = "shop";
    const client other({loop.get_executor()}, second);
    loop.wait(other.execute<void>({"SET", "k", "there"}));
    EXPECT_EQ(ask<maybe>({"GET", "k"}), std::nullopt);
    EXPECT_EQ(loop.get(other.execute<std::string>({"CLIENT", "GETNAME"})), "shop");
}

TEST_F(RedisClient, ProvesWhoItIs) {
    tell({"ACL", "SETUSER", "shop", "on", ">secret", "~*", "+@all"});
    for (const int protocol : {2, 3}) {
        auto as_shop = one->over_socket();
        as_shop.username = "shop";
        as_shop.password = "secret";
        as_shop.protocol = protocol;
        const client shop({loop.get_executor()}, as_shop);
        EXPECT_EQ(loop.get(shop.execute<std::string>({"ACL", "WHOAMI"})), "shop");
    }
}

TEST_F(RedisClient, SaysAtOnceThatItIsRefused) {
    const server guarded({"--requirepass", "secret"}, false);
    const std::pair<std::string, const char*> cases[] = {{"hunter2", "WRONGPASS"}, {"", "NOAUTH"}};
    for (const auto& [password, words] : cases)
        for (const int protocol : {2, 3}) {
            auto wrong = guarded.over_socket();
            wrong.password = password;
            wrong.protocol = protocol;
            const client c({loop.get_executor()}, wrong);
            const auto refused = loop.run(c.execute({"GET", "k"}));
            EXPECT_EQ(refused->code(), errc::refused);
            EXPECT_NE(refused->what().find(words), std::string::npos) << refused->what();
            EXPECT_EQ(refused->what().find("hunter2"), std::string::npos);
            EXPECT_NE(c.status().last_problem.find(words), std::string::npos);
        }
    auto right = guarded.over_socket();
    right.password = "secret";
    const client c({loop.get_executor()}, right);
    EXPECT_EQ(loop.get(c.execute<std::string>({"PING"})), "PONG");
}

/// What is logged while this lives, a line each with its fields.
class log_lines {
public:
    log_lines() {
        all().clear();
        telemetry::install(&table);
    }
    ~log_lines() { telemetry::install(static_cast<const telemetry::log_functions*>(nullptr)); }
    static std::string& all() {
        static std::string lines;
        return lines;
    }

private:
    static bool enabled(level, std::string_view) noexcept { return true; }
    static void write(const log_record& r) noexcept {
        all().append(r.message);
        for (const auto& each : r.fields)
            if (each.value.type() == field_value::kind::text)
                all().append(" ").append(each.key).append("=").append(each.value.text());
        all().append("\n");
    }
    static constexpr telemetry::log_functions table{&enabled, &write};
};

TEST_F(RedisClient, LogsNoPassword) {
    const server guarded({"--requirepass", "secret"}, false);
    const log_lines lines;
    for (const int protocol : {2, 3}) {
        auto wrong = guarded.over_socket();
        wrong.username = "shop";
        wrong.password = "hunter2";
        wrong.protocol = protocol;
        const client c({loop.get_executor()}, wrong);
        EXPECT_EQ(loop.run(c.execute({"GET", "k"}))->code(), errc::refused);
    }
    EXPECT_NE(lines.all().find("cannot connect server=unix://" + guarded.socket() + " why="), std::string::npos)
        << lines.all();
    EXPECT_NE(lines.all().find("WRONGPASS"), std::string::npos) << lines.all();
    EXPECT_EQ(lines.all().find("hunter2"), std::string::npos) << lines.all();
}

TEST_F(RedisClient, TriesAgainAfterARefusal) {
    const server guarded({"--requirepass", "one"}, false);
    auto wrong = guarded.over_socket();
    wrong.password = "two";
    const client c({loop.get_executor()}, wrong);
    EXPECT_EQ(loop.run(c.execute({"PING"}))->code(), errc::refused);
    auto right = guarded.over_socket();
    right.password = "one";
    const client admin({loop.get_executor()}, right);
    loop.wait(admin.execute<void>({"CONFIG", "SET", "requirepass", "two"}));
    EXPECT_EQ(loop.get(c.execute<std::string>({"PING"})), "PONG") << "nothing of the refusal is left";
}

TEST_F(RedisClient, SaysThatThereAreTooManyClients) {
    const server small({"--maxclients", "1"}, false);
    const client first({loop.get_executor()}, small.over_socket());
    while (loop.run(first.execute<void>({"PING"}))->failure) // until the connection that saw it start has gone
        ;
    const client second({loop.get_executor()}, small.over_socket());
    const auto refused = loop.run(second.execute({"PING"}));
    EXPECT_EQ(refused->code(), errc::refused);
    EXPECT_NE(refused->what().find("max number of clients"), std::string::npos) << refused->what();
}

// --- Scripts and transactions ---------------------------------------------------------------------------------------

TEST_F(RedisClient, SendsAScriptOnceInFullAndThenByItsDigest) {
    const script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    EXPECT_EQ(loop.get(redis->execute<int>(add.call({"n"}, {2}))), 2);
    EXPECT_EQ(loop.get(redis->execute<int>(add.call({"n"}, {3}))), 5);
    const auto info = ask<std::string>({"INFO", "commandstats"});
    EXPECT_NE(info.find("cmdstat_eval:calls=1,"), std::string::npos) << info;
}

TEST_F(RedisClient, ForgivesAServerThatForgetsItsScripts) {
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

TEST_F(RedisClient, DoesABatchInItsOrderThoughTheServerKnowsNoneOfItsScripts) {
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
TEST_F(RedisClient, SaysThatTheFirstPartOfABatchHasBeenExecuted) {
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

TEST_F(RedisClient, DoesAllOfATransactionOrNothing) {
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

// --- Commands that block --------------------------------------------------------------------------------------------

TEST_F(RedisClient, LetsBlockingCommandsBlockNobody) {
    const auto blocked = loop.spawn(redis->execute<std::vector<std::string>>({"BLPOP", "list", 10}));
    loop.until([&] { return redis->status().sessions == 1; });
    EXPECT_EQ(ask<std::string>({"PING"}), "PONG");
    EXPECT_FALSE(blocked->done());
    tell({"RPUSH", "list", "x"});
    loop.until([&] { return blocked->done(); });
    EXPECT_EQ(*blocked->value, (std::vector<std::string>{"list", "x"}));
    tell({"ZADD", "z", 1, "m"});
    EXPECT_EQ(ask<std::vector<reply>>({"BZPOPMIN", "z", 1})[1].as_text(), "m");
    EXPECT_EQ(redis->status().sessions, 1u) << "the same connection again";
    EXPECT_TRUE(loop.get(redis->execute({"BZPOPMIN", "z", 0.05})).is_null());
}

TEST_F(RedisClient, RefusesToBlockForLongerThanItsDeadline) {
    const auto in = [](std::chrono::milliseconds d) { return deadline::after(d); };
    EXPECT_EQ(loop.run(redis->execute({"BLPOP", "l", 5}, in(1s)))->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.run(redis->execute({"BLPOP", "l", 0}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.run(redis->execute({"BLPOP", "l", "x"}))->code(), infra::errc::invalid_input);
    const auto endless = loop.run(redis->execute({"BLPOP", "l", 0}, in(50ms)));
    EXPECT_EQ(endless->code(), errc::unanswered);
    loop.settle();
    EXPECT_EQ(redis->status().sessions, 0u) << "its reply could come at any time";
}

TEST_F(RedisClient, TakesNothingForACallerWhoHasLeft) {
    asio::cancellation_signal stop;
    const auto blocked = loop.spawn(redis->execute({"BLPOP", "list", 10}), stop.slot());
    loop.until([&] { return ask<std::string>({"CLIENT", "LIST"}).find("cmd=blpop") != std::string::npos; });
    loop.cancel(stop);
    loop.until([&] { return blocked->done(); });
    EXPECT_EQ(blocked->code(), asio::error::operation_aborted);
    loop.until([&] { return ask<std::string>({"CLIENT", "LIST"}).find("cmd=blpop") == std::string::npos; });
    tell({"RPUSH", "list", "x"});
    EXPECT_EQ(ask<int>({"LLEN", "list"}), 1);
}

TEST_F(RedisClient, BoundsTheConnectionsThatBlock) {
    auto few = one->over_socket();
    few.max_sessions = 2;
    const client c({loop.get_executor()}, few);
    const auto first = loop.spawn(c.execute({"BLPOP", "a", 10}));
    const auto second = loop.spawn(c.execute({"BLPOP", "b", 10}));
    loop.until([&] { return c.status().sessions == 2; });
    const auto third = loop.run(c.execute({"BLPOP", "c", 0.01}, deadline::after(100ms)));
    EXPECT_EQ(third->code(), errc::exhausted);
    EXPECT_NE(third->what().find("all 2 connections"), std::string::npos);
    const auto fourth = loop.spawn(c.execute({"BLPOP", "d", 0.01}, deadline::after(10s)));
    tell({"RPUSH", "a", "x"});
    loop.until([&] { return fourth->done(); });
    EXPECT_TRUE(fourth->value) << fourth->what();
}

// --- Deadlines, cancellation, bounds --------------------------------------------------------------------------------

TEST_F(RedisClient, EndsByItsDeadline) {
    tell({"PING"});
    const auto late = loop.spawn(redis->execute({"DEBUG", "SLEEP", 0.3}));
    const auto began = std::chrono::steady_clock::now();
    const auto hasty = loop.run(redis->execute({"INCR", "n"}, deadline::after(50ms)));
    EXPECT_EQ(hasty->code(), errc::unanswered);
    EXPECT_TRUE(may_have_been_executed(hasty->code()));
    EXPECT_NE(hasty->what().find("may have been executed"), std::string::npos);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 250ms);
    loop.until([&] { return late->done(); });
    EXPECT_EQ(ask<int>({"GET", "n"}), 1) << "it was, and its reply confuses nobody";
}

TEST_F(RedisClient, SaysThatADeadlineHadPassedBeforeItBegan) {
    tell({"PING"});
    const auto never = loop.run(redis->execute({"INCR", "n"}, deadline(std::chrono::steady_clock::now() - 1s)));
    EXPECT_EQ(never->code(), infra::errc::timed_out);
    EXPECT_FALSE(may_have_been_executed(never->code()));
    EXPECT_EQ(ask<maybe>({"GET", "n"}), std::nullopt);
}

TEST_F(RedisClient, MayBeCancelledAtAnyPoint) {
    asio::cancellation_signal early, late;
    const auto unsent = loop.spawn(redis->execute({"INCR", "n"}), early.slot());
    loop.cancel(early); // there is no connection yet
    loop.until([&] { return unsent->done(); });
    EXPECT_EQ(unsent->code(), asio::error::operation_aborted);
    EXPECT_NE(unsent->what().find("cancelled before it was sent"), std::string::npos) << unsent->what();
    tell({"PING"});
    const auto slow = loop.spawn(redis->execute({"DEBUG", "SLEEP", 0.1}));
    const auto sent = loop.spawn(redis->execute({"INCR", "n"}), late.slot());
    loop.io.poll();
    loop.cancel(late);
    loop.until([&] { return sent->done(); });
    EXPECT_NE(sent->what().find("cancelled after it was sent; it may have been executed"), std::string::npos)
        << sent->what();
    EXPECT_EQ(ask<int>({"GET", "n"}), 1);
}

/// Cancels after so many handlers of the loop, and says what came of it.
template <class T>
std::shared_ptr<outcome<T>> cancel_after(test_loop& loop, int steps, awaitable<T> operation) {
    asio::cancellation_signal stop;
    const auto ended = loop.spawn(std::move(operation), stop.slot());
    for (int i = 0; i < steps && !ended->done(); ++i) {
        loop.io.restart();
        loop.io.run_one_for(50ms);
    }
    if (!ended->done())
        stop.emit(asio::cancellation_type::terminal);
    loop.until([&] { return ended->done(); });
    return ended;
}

// A script that the server does not know has two legs, and a place between them.
TEST_F(RedisClient, TellsTheTruthWhereverAScriptIsCancelled) {
    const script one_more("return redis.call('INCR', KEYS[1])");
    tell({"PING"});
    int cancelled = 0, answered = 0, unsent = 0;
    for (int steps = 0; steps < 40; ++steps) {
        tell({"SCRIPT", "FLUSH"});
        const auto key = "n" + std::to_string(steps);
        const auto ended = cancel_after(loop, steps, redis->execute<int>(one_more.call({key})));
        const auto n = ask<std::optional<int>>({"GET", key}).value_or(0);
        if (ended->value) {
            ++answered;
            EXPECT_EQ(n, 1);
            continue;
        }
        ++cancelled;
        EXPECT_EQ(ended->code(), asio::error::operation_aborted) << ended->what();
        if (ended->what().find("before it was sent") != std::string::npos) {
            ++unsent;
            EXPECT_EQ(n, 0) << "after " << steps << " steps";
        }
    }
    EXPECT_GT(cancelled, 3);
    EXPECT_GT(unsent, 0);
    EXPECT_GT(answered, 0);
    EXPECT_EQ(redis->status().commands, 0u);
}

TEST_F(RedisClient, RefusesWhatIsOverItsBound) {
    auto small = one->over_socket();
    small.max_queued_commands = 3;
    const client c({loop.get_executor()}, small);
    std::vector<std::shared_ptr<outcome<reply>>> all;
    for (int i = 0; i < 5; ++i)
        all.push_back(loop.spawn(c.execute({"INCR", "n"})));
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
    EXPECT_EQ(std::ranges::count_if(all, [](const auto& each) { return each->code() == infra::errc::overloaded; }), 2);
    EXPECT_EQ(ask<int>({"GET", "n"}), 3);
    EXPECT_EQ(c.status().commands, 0u);
}

TEST_F(RedisClient, LetsTheLoopTurnBetweenRefusals) {
    auto small = one->over_socket();
    small.max_queued_commands = 1;
    std::optional<client> c(std::in_place, std::vector{loop.get_executor()}, small);
    const auto slow = loop.spawn(c->execute({"DEBUG", "SLEEP", 0.05}));
    int refused = 0;
    const auto insist = [&](boost::system::error_code because) -> awaitable<void> {
        for (int i = 0; i < 2'000'000; ++i) {
            try {
                co_await c->execute({"PING"});
                co_return;
            } catch (const error& e) {
                EXPECT_EQ(e.code(), because);
                if (++refused > 10'000 && because == infra::errc::closed)
                    co_return;
            }
        }
        ADD_FAILURE() << "the loop never turned";
    };
    const auto insists = loop.spawn(insist(infra::errc::overloaded));
    loop.until([&] { return insists->done(); });
    EXPECT_TRUE(slow->done());
    EXPECT_GT(refused, 0);
    loop.wait(c->stop(deadline::after(1s)));
    const auto in_vain = loop.spawn(insist(infra::errc::closed));
    loop.io.poll_one();
    EXPECT_FALSE(in_vain->done()) << "one turn, one refusal";
    loop.until([&] { return in_vain->done(); });
}

TEST_F(RedisClient, FailsAReplyThatIsTooLargeAndGoesOn) {
    tell({"SET", "big", std::string(10'000, 'x')});
    auto small = one->over_socket();
    small.max_reply_bytes = 5'000;
    const client c({loop.get_executor()}, small);
    const auto failed = loop.run(c.execute({"GET", "big"}));
    EXPECT_EQ(failed->code(), errc::too_large);
    EXPECT_NE(failed->what().find("max_reply_bytes"), std::string::npos) << failed->what();
    EXPECT_EQ(loop.get(c.execute<std::string>({"PING"})), "PONG");
}

// --- Elsewhere ------------------------------------------------------------------------------------------------------

TEST_F(RedisClient, IsUsedFromAnyThread) {
    event_loops loops(2);
    loops.start();
    const client shared({loops[0].get_executor(), loops[1].get_executor()}, one->over_socket());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 100; ++i)
                infra::wait(shared.execute<int>({"INCR", "n"})); // on a default loop, which is none of the client's
        });
    for (int i = 0; i < 100; ++i)
        infra::wait(shared.execute<int>({"INCR", "n"}), loops[1].get_executor());
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(infra::wait(shared.execute<int>({"GET", "n"}), loops[0].get_executor()), 500);
    EXPECT_EQ(shared.status().connections, 2u);
    infra::wait(shared.stop(deadline::after(5s)));
    EXPECT_EQ(shared.status().connections, 0u);
}

TEST_F(RedisClient, CancelsAcrossThreads) {
    event_loop far;
    far.start();
    const client there({far.get_executor()}, one->over_socket());
    asio::cancellation_signal stop;
    const auto slow = loop.spawn(there.execute({"DEBUG", "SLEEP", 0.2}), stop.slot());
    loop.until([&] { return there.status().commands == 1; });
    loop.cancel(stop);
    loop.until([&] { return slow->done(); });
    EXPECT_EQ(slow->code(), asio::error::operation_aborted);
}

TEST_F(RedisClient, ReportsItsState) {
    EXPECT_EQ(redis->status().expected, 0u) << "cold";
    EXPECT_GT(loop.get(redis->ping()), 0ns);
    const auto s = redis->status();
    EXPECT_EQ(s.server, "unix://" + one->socket());
    EXPECT_EQ(s.connections, 1u);
    EXPECT_EQ(s.expected, 1u);
    EXPECT_EQ(s.commands, 0u);
    EXPECT_EQ(s.last_problem, "");
}

// --- What is known of commands --------------------------------------------------------------------------------------

struct told {
    std::string name;
    std::set<std::string> flags;
};

std::vector<told> commands_of(const reply& list) {
    std::vector<told> out;
    for (const auto& each : list.items()) {
        told one{.name = each.items()[0].as_text(), .flags = {}};
        for (const auto& flag : each.items()[2].items())
            one.flags.insert(flag.as_text());
        out.push_back(std::move(one));
    }
    return out;
}

TEST_F(RedisClient, AgreesWithTheServerAboutItsCommands) {
    using namespace detail;
    const std::set<std::string> asks_by_subcommand{"acl",      "client",  "cluster", "command", "config",
                                                   "function", "latency", "memory",  "module",  "object",
                                                   "pubsub",   "script",  "slowlog", "xgroup",  "xinfo"};
    const auto all = commands_of(loop.get(redis->execute(command{"COMMAND"})));
    ASSERT_GT(all.size(), 200u);
    for (const auto& [name, flags] : all) {
        if (asks_by_subcommand.contains(name))
            continue;
        const command c{name, "x", "y", "z"};
        if (flags.contains("blocking") && name != "xread" && name != "xreadgroup") {
            EXPECT_EQ(lane_of(c), lane_of_travel::blocking) << name;
        }
        if (replay_of(c) == replay::read) {
            EXPECT_FALSE(flags.contains("write")) << name << " is no reading";
        }
        if (flags.contains("readonly") && !flags.contains("blocking")) {
            EXPECT_EQ(replay_of(c), replay::read) << name << " may be repeated";
        }
    }
}

} // namespace
} // namespace infra::redis
