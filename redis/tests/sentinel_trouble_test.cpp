// What sentinels do not tell, or tell wrongly.

#include "src/sentinel_place.hpp"
#include "tests/sentinel_actors.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

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
