#include "src/greeting.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using step = greeting::step;

reply ok() { return reply(std::string("OK")); }
reply failure(std::string text) { return reply(std::move(text), reply::kind::error); }
reply hello(std::string version, std::string role) {
    const auto text = [](std::string s) { return reply(std::move(s)); };
    return reply(reply::list{text("server"), text("redis"), text("version"), text(std::move(version)), text("proto"),
                             reply(std::int64_t{3}), text("role"), text(std::move(role)), text("modules"),
                             reply(reply::list{})},
                 reply::kind::map);
}

/// What it says now: "HELLO 3; SELECT 2".
std::string said(const greeting& g) {
    std::string out;
    for (const auto& each : g.words()) {
        out += out.empty() ? "" : "; ";
        for (const auto word : each.words())
            out += (out.empty() || out.ends_with("; ") ? "" : " ") + std::string(word);
    }
    return out;
}

TEST(Greeting, SaysWhoAndWhereInOneBreath) {
    const options o{.username = "shop", .password = "secret", .database = 2, .client_name = "app"};
    greeting g(o);
    EXPECT_EQ(said(g), "HELLO 3 AUTH shop secret SETNAME app; SELECT 2");
    const reply answers[] = {hello("7.0.15", "master"), ok()};
    g.hear(answers);
    EXPECT_EQ(g.phase(), step::ready);
    EXPECT_EQ(g.facts().protocol, 3);
    EXPECT_EQ(g.facts().version, "7.0.15");
    EXPECT_EQ(g.facts().role, "master");
}

TEST(Greeting, SaysNoMoreThanItHasTo) {
    EXPECT_EQ(said(greeting(options{.client_name = ""})), "HELLO 3");
    EXPECT_EQ(said(greeting(options{.password = "pw", .client_name = ""})), "HELLO 3 AUTH default pw")
        << "HELLO wants a name";
    EXPECT_EQ(said(greeting(options{.client_name = "", .protocol = 2})), "PING");
}

TEST(Greeting, FallsBackWhereTheServerKnowsNoHello) {
    for (const char* refusal : {"ERR unknown command `HELLO`, with args beginning with: `3`, ",
                                "NOPROTO unsupported protocol version", "ERR unknown command 'HELLO'"}) {
        const options o{.username = "shop", .password = "secret", .database = 2, .client_name = "app"};
        greeting g(o);
        const reply first[] = {failure(refusal), failure("NOAUTH Authentication required.")};
        g.hear(first);
        ASSERT_EQ(g.phase(), step::speak);
        EXPECT_EQ(said(g), "AUTH shop secret; CLIENT SETNAME app; SELECT 2; PING");
        const reply second[] = {ok(), ok(), ok(), reply(std::string("PONG"))};
        g.hear(second);
        EXPECT_EQ(g.phase(), step::ready);
        EXPECT_EQ(g.facts().protocol, 2);
    }
}

TEST(Greeting, SpeaksVersion2WhereToldTo) {
    const options o{.password = "secret", .client_name = "", .protocol = 2};
    greeting g(o);
    EXPECT_EQ(said(g), "AUTH secret; PING") << "before Redis 6 there were no users";
    const reply answers[] = {ok(), reply(std::string("PONG"))};
    g.hear(answers);
    EXPECT_EQ(g.phase(), step::ready);
}

TEST(Greeting, AsksForTheRoleBehindSentinels) {
    const options o{.sentinel = sentinel_options{.sentinels = {{"s", 1}}, .master = "m"}, .client_name = ""};
    greeting g(o);
    EXPECT_EQ(said(g), "HELLO 3; ROLE");
    const reply role(reply::list{reply(std::string("slave")), reply(std::string("10.0.0.1"))});
    g.hear(std::vector{reply(reply::list{}, reply::kind::map), role});
    EXPECT_EQ(g.phase(), greeting::step::ready);
    EXPECT_EQ(g.facts().role, "replica");
}

TEST(Greeting, DoesWithoutTheRightToAskForTheRole) {
    const options o{.sentinel = sentinel_options{.sentinels = {{"s", 1}}, .master = "m"}, .client_name = ""};
    greeting g(o);
    const reply hello(reply::list{reply(std::string("role")), reply(std::string("master"))}, reply::kind::map);
    g.hear(std::vector{hello, reply(std::string("NOPERM no"), reply::kind::error)});
    EXPECT_EQ(g.phase(), greeting::step::ready);
    EXPECT_EQ(g.facts().role, "master");
}

TEST(Greeting, CanDoWithoutAName) {
    const options o{.client_name = "app", .protocol = 2};
    greeting g(o);
    const reply answers[] = {failure("ERR unknown command 'CLIENT'"), reply(std::string("PONG"))};
    g.hear(answers);
    EXPECT_EQ(g.phase(), step::ready);
}

TEST(Greeting, IsRefusedInTheServersWords) {
    const std::pair<const char*, const char*> cases[] = {
        {"WRONGPASS invalid username-password pair or user is disabled.",
         "WRONGPASS invalid username-password pair or user is disabled."},
        {"NOAUTH HELLO must be called with the client already authenticated",
         "NOAUTH HELLO must be called with the client already authenticated; give a password in the URL"},
        {"NOPERM this user has no permissions to run the 'hello' command",
         "NOPERM this user has no permissions to run the 'hello' command"},
        {"ERR max number of clients reached", "ERR max number of clients reached"},
    };
    for (const auto& [refusal, why] : cases) {
        const options o{.password = "hunter2"};
        greeting g(o);
        const reply answers[] = {failure(refusal)};
        g.hear(answers);
        EXPECT_EQ(g.phase(), step::refused);
        EXPECT_EQ(g.why(), why);
    }
}

TEST(Greeting, IsLetInByAServerThatAnswersItsPingWithAnother) {
    for (const char* busy : {"LOADING Redis is loading the dataset in memory", "BUSY Redis is busy running a script.",
                             "MASTERDOWN Link with MASTER is down", "ERR unknown command 'PING'"}) {
        const options o{.client_name = "", .protocol = 2};
        greeting g(o);
        const reply answers[] = {failure(busy)};
        g.hear(answers);
        EXPECT_EQ(g.phase(), step::ready) << busy;
    }
}

TEST(Greeting, ComesAgainLaterWhereTheServerIsBusy) {
    for (const int protocol : {2, 3}) {
        const options o{.database = 2, .client_name = "", .protocol = protocol};
        greeting g(o);
        const reply busy = failure("BUSY Redis is busy running a script.");
        const reply first = protocol == 2 ? busy : hello("7", "master");
        const reply answers[] = {first, busy};
        g.hear(answers);
        EXPECT_EQ(g.phase(), step::not_yet) << protocol;
        EXPECT_EQ(g.why(), "BUSY Redis is busy running a script.");
    }
}

TEST(Greeting, RepeatsNoPasswordThatAServerRepeats) {
    options o;
    o.password = "s3cret";
    greeting g(o);
    const reply answers[] = {failure("ERR invalid command 'HELLO' with args 'AUTH' 'default' 's3cret' 's3cret'")};
    g.hear(answers);
    EXPECT_EQ(g.phase(), greeting::step::refused);
    EXPECT_EQ(g.why(), "ERR invalid command 'HELLO' with args 'AUTH' 'default' '…' '…'");
}

TEST(Greeting, IsRefusedADatabaseThatIsNot) {
    const options o{.database = 99};
    greeting g(o);
    const reply answers[] = {hello("7", "master"), failure("ERR DB index is out of range")};
    g.hear(answers);
    EXPECT_EQ(g.phase(), step::refused);
    EXPECT_EQ(g.why(), "ERR DB index is out of range");
}

TEST(Greeting, TakesAnyAnswerThatIsNoError) {
    const options o;
    greeting g(o);
    const reply answers[] = {reply(reply::list{reply(std::int64_t{1})}, reply::kind::map)};
    g.hear(answers);
    EXPECT_EQ(g.phase(), step::ready);
    EXPECT_EQ(g.facts().version, "");
}

} // namespace
} // namespace infra::redis::detail
