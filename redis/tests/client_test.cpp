#include <infra/redis.hpp>

#include "src/command_table.hpp"
#include "tests/on_a_server.hpp"
#include "tests/proxy.hpp"

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

class RedisClient : public on_a_server {};

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

// What a handler throws leaves the loop, as anywhere. The connection and those who wait beside it stay.
TEST_F(RedisClient, GoesOnAfterAHandlerThatThrows) {
    tell({"SET", "k", "v"});
    const auto throws = [](std::exception_ptr, const reply&) { throw std::runtime_error("the handler's"); };
    asio::co_spawn(loop.get_executor(), redis->execute({"GET", "k"}), throws);
    const auto beside = loop.spawn(redis->execute<std::string>({"GET", "k"}));
    EXPECT_THROW(loop.until([&] { return beside->done(); }), std::runtime_error);
    loop.until([&] { return beside->done(); });
    EXPECT_EQ(beside->value, "v") << beside->what();
    EXPECT_EQ(ask<std::string>({"GET", "k"}), "v");
    EXPECT_EQ(redis->status().reconnects, 0u);
}

} // namespace
} // namespace infra::redis
