#include <infra/redis.hpp>

#include "tests/identity.hpp"
#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

namespace infra::redis {
namespace {

class RedisTls : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace(who.words_of_a_server(port));
    }

    options to(const std::string& more) const {
        return options_from("rediss://127.0.0.1:" + std::to_string(port) + "?" + more);
    }
    options trusting() const { return to("ca_file=" + who.certificate()); }

    std::string failure(const options& o, boost::system::error_code wanted, deadline by = deadline::after(5s)) {
        const client redis({loop.get_executor()}, o);
        const auto failed = loop.run(redis.execute({"PING"}, by));
        EXPECT_EQ(failed->code(), wanted) << failed->what();
        return failed->what();
    }

    identity who;
    std::uint16_t port = free_port();
    std::optional<server> one;
    test_loop loop;
};

TEST_F(RedisTls, SpeaksWithAServerThatProvesWhoItIs) {
    const client redis({loop.get_executor()}, trusting());
    EXPECT_EQ(loop.get(redis.execute<std::string>({"PING"})), "PONG");
    EXPECT_EQ(redis.status().server, "rediss://127.0.0.1:" + std::to_string(port) + "/0");
}

TEST_F(RedisTls, CarriesManyRecordsBothWays) {
    const client redis({loop.get_executor()}, trusting());
    const std::string large(3'000'000, 'x');
    std::vector<std::shared_ptr<outcome<std::string>>> small;
    const auto set = loop.spawn(redis.execute<void>({"SET", "k", large}));
    for (int i = 0; i < 200; ++i)
        small.push_back(loop.spawn(redis.execute<std::string>({"ECHO", i})));
    EXPECT_EQ(loop.get(redis.execute<std::string>({"GET", "k"})), large);
    for (int i = 0; i < 200; ++i)
        EXPECT_EQ(small[static_cast<std::size_t>(i)]->value, std::to_string(i));
}

TEST_F(RedisTls, TrustsNobodyUnasked) {
    const auto what = failure(to(""), errc::refused);
    EXPECT_NE(what.find("its certificate is not trusted: self-signed certificate"), std::string::npos) << what;
}

TEST_F(RedisTls, TrustsTheCertificatesOfADirectory) {
    const temporary_folder trusted, empty;
    std::filesystem::copy(who.certificate(), trusted.path() + "/" + who.hashed_name());
    const client redis({loop.get_executor()}, to("ca_directory=" + trusted.path()));
    EXPECT_EQ(loop.get(redis.execute<std::string>({"PING"})), "PONG");
    const auto what = failure(to("ca_directory=" + empty.path()), errc::refused);
    EXPECT_NE(what.find("its certificate is not trusted"), std::string::npos) << what;
}

// Each test is a process, so that the variable is this one's.
TEST_F(RedisTls, TrustsTheSystemsCertificatesUnlessToldOtherwise) {
    ::setenv("SSL_CERT_FILE", who.certificate().c_str(), 1);
    const client redis({loop.get_executor()}, to(""));
    EXPECT_EQ(loop.get(redis.execute<std::string>({"PING"})), "PONG");
    ::unsetenv("SSL_CERT_FILE");
}

TEST_F(RedisTls, InsistsOnTheName) {
    const auto right = [&](const char* name) { return to("ca_file=" + who.certificate() + "&server_name=" + name); };
    const client redis({loop.get_executor()}, right("redis.test"));
    EXPECT_EQ(loop.get(redis.execute<std::string>({"PING"})), "PONG");
    const auto what = failure(right("other.test"), errc::refused);
    EXPECT_NE(what.find("its certificate is not trusted"), std::string::npos) << what;
}

TEST_F(RedisTls, TrustsAnybodyWhereToldTo) {
    const client redis({loop.get_executor()}, to("verify=no"));
    EXPECT_EQ(loop.get(redis.execute<std::string>({"PING"})), "PONG");
}

TEST_F(RedisTls, NamesTheFileItCannotUse) {
    const auto what = failure(to("ca_file=/nonexistent"), infra::errc::misconfigured);
    EXPECT_NE(what.find("ca_file: cannot use '/nonexistent'"), std::string::npos) << what;
}

TEST_F(RedisTls, SaysThatTheOtherSideSpeaksNoTls) {
    auto plain = trusting();
    plain.port = one->port();
    plain.connect_timeout = 300ms; // it waits for a line that never ends
    const client redis({loop.get_executor()}, plain);
    const auto asked = loop.spawn(redis.execute({"PING"}));
    loop.until([&] { return !redis.status().last_problem.empty(); });
    EXPECT_EQ(redis.status().last_problem, "it did not answer in time, shaking hands over TLS");
}

TEST_F(RedisTls, FailsWhereTheOtherSideSpeaksOnlyTls) {
    const client redis({loop.get_executor()}, {.port = port});
    const auto failed = loop.run(redis.execute({"PING"}, deadline::after(300ms)));
    EXPECT_TRUE(failed->code() == errc::protocol || failed->code() == errc::not_connected) << failed->what();
}

// A restart looks like that, or a balancer behind which nobody is: it passes.
TEST_F(RedisTls, TakesAHandshakeThatIsCutForAnOutage) {
    asio::ip::tcp::acceptor door(loop.io, {asio::ip::address_v4::loopback(), 0});
    std::function<void()> let_in_and_out = [&] {
        door.async_accept([&](boost::system::error_code ec, asio::ip::tcp::socket) {
            if (!ec)
                let_in_and_out();
        });
    };
    let_in_and_out();
    auto o = trusting();
    o.port = door.local_endpoint().port();
    const auto what = failure(o, errc::not_connected, deadline::after(100ms));
    EXPECT_NE(what.find("no connection by the deadline (the TLS handshake failed"), std::string::npos) << what;
}

// Of what TLS was given nobody knows how much has left.
TEST_F(RedisTls, CountsOnceWhenTheConnectionIsCut) {
    const client redis({loop.get_executor()}, trusting());
    loop.wait(redis.execute<void>({"PING"}));
    const auto counted = loop.spawn(redis.execute<int>({"INCR", "n"}));
    loop.io.poll();
    one->kill();
    loop.until([&] { return counted->done(); });
    EXPECT_TRUE(counted->value || counted->code() == errc::lost) << counted->what();
    one->start();
    const auto n = loop.get(redis.execute<std::optional<int>>({"GET", "n"}, deadline::after(10s)));
    EXPECT_EQ(n, std::nullopt) << "the server kept nothing, and nobody counted again";
}

// Of a block that TLS was given nothing is sent again that counts; what waited behind it was never given.
TEST_F(RedisTls, KeepsWhatWasNotGivenToIt) {
    const client redis({loop.get_executor()}, trusting());
    loop.wait(redis.execute<void>({"PING"}));
    one->pause();
    const auto half = loop.spawn(redis.execute<void>({"SET", "k", std::string(20'000'000, 'x')}, deadline::after(20s)));
    loop.settle();
    const auto behind = loop.spawn(redis.execute<int>({"INCR", "n"}, deadline::after(20s)));
    loop.settle();
    one->kill();
    one->start();
    loop.until([&] { return half->done() && behind->done(); });
    EXPECT_TRUE(half->value) << half->what();
    EXPECT_EQ(behind->value, 1) << behind->what();
    EXPECT_EQ(loop.get(redis.execute<int>({"STRLEN", "k"})), 20'000'000);
}

/// Somebody who does one thing again and again, and how it went.
struct busybody {
    std::size_t done = 0;
    std::size_t failed = 0;
};

using errand_of = std::function<awaitable<void>()>;

awaitable<void> keep_doing(errand_of what, std::shared_ptr<busybody> who, const bool& stop) {
    while (!stop) {
        try {
            co_await what();
            ++who->done;
        } catch (const error&) {
            ++who->failed;
        }
    }
}

awaitable<void> use_a_session(const client& redis) {
    const auto own = co_await redis.lease(deadline::after(300ms));
    co_await own.execute<void>({"WATCH", "k"}, deadline::after(300ms));
    co_await own.transaction({{"INCR", "n"}}, deadline::after(300ms));
}

awaitable<void> count_messages(subscription from, std::size_t& heard) {
    while (true)
        heard += (co_await from.receive()).size();
}

// Commands, batches, scripts, transactions, sessions, what blocks, and subscriptions: whatever kind, and over both transports.
TEST_F(RedisTls, RecoversFromAKillUnderLoadOfEveryKind) {
    for (const auto& o : {trusting(), one->over_tcp()}) {
        const client redis({loop.get_executor()}, o);
        const script one_more("return redis.call('INCR', KEYS[1])");
        const auto soon = [] { return deadline::after(300ms); };
        const errand_of kinds[] = {
            [&]() -> awaitable<void> { return redis.execute<void>({"SET", "k", "v"}, soon()); },
            [&]() -> awaitable<void> { return redis.execute<void>({"PUBLISH", "news", "x"}, soon()); },
            [&]() -> awaitable<void> { return redis.execute<void>(one_more.call({"n"}), soon()); },
            [&]() -> awaitable<void> { co_await redis.execute({{"GET", "k"}, {"INCR", "n"}}, soon()); },
            [&]() -> awaitable<void> { co_await redis.transaction({{"GET", "k"}, {"INCR", "n"}}, soon()); },
            [&]() -> awaitable<void> { return redis.execute<void>({"BLPOP", "nothing", 0.02}, soon()); },
            [&]() -> awaitable<void> { return use_a_session(redis); },
        };
        bool stop = false;
        std::size_t heard = 0;
        std::vector<std::shared_ptr<busybody>> all;
        std::vector<std::shared_ptr<outcome<bool>>> endings;
        const auto listens = loop.spawn(count_messages(loop.get(redis.subscribe({.channels = {"news"}})), heard));
        for (const auto& kind : kinds)
            for (int i = 0; i < 3; ++i)
                endings.push_back(loop.spawn(keep_doing(kind, all.emplace_back(std::make_shared<busybody>()), stop)));
        const auto each_has = [&](std::size_t busybody::* what, std::size_t times) {
            return std::ranges::all_of(all, [&](const auto& who) { return (*who).*what >= times; });
        };
        loop.until([&] { return each_has(&busybody::done, 3) && heard > 0; });
        for (int kills = 0; kills < 3; ++kills) {
            one->kill();
            for (const auto& who : all)
                who->failed = 0;
            loop.until([&] { return each_has(&busybody::failed, 1); });
            one->start();
            const stopwatch since(loop.get_executor());
            for (const auto& who : all)
                who->done = 0;
            heard = 0;
            loop.until([&] { return each_has(&busybody::done, 1) && heard > 0; });
            EXPECT_LT(since.elapsed(), 2s) << describe(o);
        }
        stop = true;
        loop.until([&] { return std::ranges::all_of(endings, [](const auto& each) { return each->done(); }); });
        EXPECT_FALSE(listens->done());
        loop.wait(redis.stop(deadline::after(1s)));
        EXPECT_EQ(redis.status().commands, 0u);
        EXPECT_EQ(redis.status().sessions, 0u);
    }
}

TEST_F(RedisTls, IsDestroyedInTheMiddleOfAHandshake) {
    for (int steps = 0; steps < 20; ++steps) {
        test_loop doomed;
        const auto redis = std::make_shared<client>(std::vector{doomed.get_executor()}, trusting());
        const auto asks = doomed.spawn(redis->execute({"PING"}));
        for (int i = 0; i < steps; ++i) {
            doomed.io.restart();
            doomed.io.run_one_for(100ms);
        }
    }
}

} // namespace
} // namespace infra::redis
