#include "src/sentinel_talk.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

reply text(std::string t) { return reply(std::move(t)); }
reply list(reply::list items) { return reply(std::move(items)); }

TEST(RedisSentinelTalk, HearsWhereTheMasterIs) {
    EXPECT_EQ(to_string(master_in(list({text("10.0.0.5"), text("6379")})).value()), "10.0.0.5:6379");
    EXPECT_EQ(to_string(master_in(list({text("::1"), text("6379")})).value()), "[::1]:6379");
    EXPECT_FALSE(master_in(reply())) << "it knows no such master";
}

TEST(RedisSentinelTalk, RefusesWhatIsNoAddress) {
    const reply cases[] = {text("10.0.0.5:6379"),
                           list({}),
                           list({text("10.0.0.5")}),
                           list({text("10.0.0.5"), reply(6379L)}),
                           list({text("10.0.0.5"), text("0")}),
                           list({text("10.0.0.5"), text("65536")}),
                           list({text("10.0.0.5"), text("6379 ")}),
                           list({text(""), text("6379")}),
                           list({text(std::string(256, 'a')), text("6379")})};
    for (const auto& each : cases) {
        try {
            (void)master_in(each);
            ADD_FAILURE();
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::protocol);
        }
    }
    try {
        (void)master_in(reply(std::string("NOPERM no"), reply::kind::error));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::server);
    }
}

TEST(RedisSentinelTalk, HearsOfOtherSentinelsInBothProtocols) {
    const auto flat = list({text("name"), text("x"), text("ip"), text("10.0.0.1"), text("port"), text("26379")});
    const auto map = reply(reply::list{text("ip"), text("10.0.0.2"), text("port"), text("26380")}, reply::kind::map);
    const auto bad = list({text("ip"), text("10.0.0.3")});
    const auto heard = sentinels_in(list({flat, map, bad, reply(1L)}));
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_EQ(to_string(heard[0]), "10.0.0.1:26379");
    EXPECT_EQ(to_string(heard[1]), "10.0.0.2:26380");
    EXPECT_TRUE(sentinels_in(reply(std::string("ERR"), reply::kind::error)).empty());
}

TEST(RedisSentinelTalk, HearsOfASwitchOfItsMasterAlone) {
    EXPECT_EQ(to_string(switched_to("shop 10.0.0.1 6379 10.0.0.2 6380", "shop").value()), "10.0.0.2:6380");
    for (const char* const other : {"other 10.0.0.1 6379 10.0.0.2 6380", "shop 10.0.0.1 6379", "", "shop",
                                    "shop 10.0.0.1 6379 10.0.0.2 x", "shop 10.0.0.1 6379 10.0.0.2 6380 more"})
        EXPECT_FALSE(switched_to(other, "shop")) << other;
}

std::string order(const sentinel_list& l) {
    std::string out;
    for (const auto& each : l.order())
        out += each.host + " ";
    return out;
}

address on(const char* host) { return {.host = host, .port = 1}; }

TEST(RedisSentinelList, AsksFirstWhoWasRightLast) {
    sentinel_list l({on("a"), on("b"), on("c")});
    l.told(on("c"), on("master"), {});
    EXPECT_EQ(order(l), "a b c ") << "an answer is no proof";
    l.right(on("master"));
    EXPECT_EQ(order(l), "c a b ");
    l.right(on("master"));
    l.ask_first(on("nobody"));
    l.ask_last(on("nobody"));
    EXPECT_EQ(order(l), "c a b ");
}

TEST(RedisSentinelList, AsksLastWhoeverWasWrongOrSilent) {
    sentinel_list l({on("a"), on("b"), on("c"), on("d")});
    l.told(on("a"), on("former"), {});
    l.told(on("b"), on("former"), {});
    l.told(on("c"), on("master"), {});
    l.wrong(on("former"));
    EXPECT_EQ(order(l), "c d a b ");
    l.ask_last(on("c"));
    EXPECT_EQ(order(l), "d a b c ");
    l.right(on("former"));
    EXPECT_EQ(order(l), "d a b c ") << "what was wrong is forgotten";
}

TEST(RedisSentinelList, KeepsWhatWasConfiguredAndLearnsNoMoreThanItsBound) {
    sentinel_list l({on("a")});
    std::vector<address> many{on("a")};
    for (int i = 0; i < 100; ++i)
        many.push_back({.host = "n" + std::to_string(i), .port = 1});
    for (int i = 0; i < 2; ++i) {
        l.told(on("a"), on("master"), many);
        l.right(on("master"));
    }
    EXPECT_EQ(l.order().size(), 1 + sentinel_list::max_learned);
    EXPECT_EQ(l.order().front().host, "a");
}

TEST(RedisSentinelList, ForgetsThoseOfWhomNobodyKnowsAnyMore) {
    sentinel_list l({on("a")});
    l.told(on("a"), on("master"), {on("b"), on("c")});
    l.right(on("master"));
    EXPECT_EQ(order(l), "a b c ");
    l.told(on("b"), on("master"), {on("d")});
    l.right(on("master"));
    EXPECT_EQ(order(l), "b a d ");
}

} // namespace
} // namespace infra::redis::detail
