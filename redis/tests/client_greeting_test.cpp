// How a client introduces itself, and what it says when it is not wanted.

#include "tests/on_a_server.hpp"
#include "tests/proxy.hpp"

#include <infra/base/telemetry.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::redis {
namespace {

using namespace std::string_literals;
using maybe = std::optional<std::string>;

class RedisClientGreeting : public on_a_server {};

TEST_F(RedisClientGreeting, SpeaksTheOlderProtocol) {
    auto older = one->over_socket();
    older.protocol = 2;
    const client old({loop.get_executor()}, older);
    loop.wait(old.execute<void>({"HSET", "h", "a", 1, "b", 2}));
    EXPECT_EQ((loop.get(old.execute<std::map<std::string, int>>({"HGETALL", "h"}))),
              (std::map<std::string, int>{{"a", 1}, {"b", 2}}));
    EXPECT_EQ(loop.get(old.execute({"HGETALL", "h"})).type(), reply::kind::array);
    EXPECT_EQ(loop.get(redis->execute({"HGETALL", "h"})).type(), reply::kind::map);
}

TEST_F(RedisClientGreeting, GetsOnWithAServerThatKnowsNoHello) {
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

TEST_F(RedisClientGreeting, ChoosesDatabaseAndName) {
    auto second = one->over_socket();
    second.database = 2;
    second.client_name = "shop";
    const client other({loop.get_executor()}, second);
    loop.wait(other.execute<void>({"SET", "k", "there"}));
    EXPECT_EQ(ask<maybe>({"GET", "k"}), std::nullopt);
    EXPECT_EQ(loop.get(other.execute<std::string>({"CLIENT", "GETNAME"})), "shop");
}

TEST_F(RedisClientGreeting, ProvesWhoItIs) {
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

TEST_F(RedisClientGreeting, SaysAtOnceThatItIsRefused) {
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

TEST_F(RedisClientGreeting, LogsNoPassword) {
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

TEST_F(RedisClientGreeting, TriesAgainAfterARefusal) {
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

TEST_F(RedisClientGreeting, SaysThatThereAreTooManyClients) {
    const server small({"--maxclients", "1"}, false);
    const client first({loop.get_executor()}, small.over_socket());
    while (loop.run(first.execute<void>({"PING"}))->failure) // until the connection that saw it start has gone
        ;
    const client second({loop.get_executor()}, small.over_socket());
    const auto refused = loop.run(second.execute({"PING"}));
    EXPECT_EQ(refused->code(), errc::refused);
    EXPECT_NE(refused->what().find("max number of clients"), std::string::npos) << refused->what();
}

} // namespace
} // namespace infra::redis
