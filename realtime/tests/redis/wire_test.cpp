#include "realtime/src/redis/wire.hpp"

#include <gtest/gtest.h>

namespace infra::realtime::over_redis {
namespace {

const item* item_in(const std::variant<item, joining, leaving, nonsense>& said) { return std::get_if<item>(&said); }

TEST(RedisWire, IsTheEnvelopeOfTheReadme) {
    envelope e{.what = {.type = "said", .data = {{"text", "Hi"}}}};
    EXPECT_EQ(text_of(e), R"({"type":"said","data":{"text":"Hi"}})");
    e.key = "EUR";
    e.except = "c1";
    e.ttl = std::chrono::seconds(5);
    e.what.data = nullptr;
    EXPECT_EQ(text_of(e), R"({"type":"said","key":"EUR","except":"c1","ttl":5000})");
}

TEST(RedisWire, ReadsWhatScriptsAndPeopleSay) {
    const auto kept =
        read_channel(R"({"offset":7,"epoch":"ab","type":"said","data":[1],"key":"k","except":"c","ttl":9})", "me");
    ASSERT_TRUE(item_in(kept));
    EXPECT_EQ(item_in(kept)->at, (position{"ab", 7}));
    const auto& e = std::get<envelope>(*item_in(kept)->what);
    EXPECT_EQ(e.what.type, "said");
    EXPECT_EQ(e.what.data, (json::array{1}));
    EXPECT_EQ(e.key, "k");
    EXPECT_EQ(e.except, "c");
    EXPECT_EQ(e.ttl, std::chrono::milliseconds(9));
    const auto by_hand = read_channel(R"( { "type" : "said" } )", "me");
    ASSERT_TRUE(item_in(by_hand));
    EXPECT_EQ(item_in(by_hand)->at.offset, 0u);
}

TEST(RedisWire, TakesNothingThatIsNoMessage) {
    for (const auto* text : {"", "x", "[]", "7", "{}", R"({"type":7})", R"({"type":""})", R"({"type":"welcome"})",
                             R"({"type":"subscribed"})", R"({"type":"join"})", R"({"type":"join","data":{}})",
                             R"({"type":"leave","data":{"user":7}})", R"({"type":"said")", "\xff"})
        EXPECT_TRUE(std::holds_alternative<nonsense>(read_channel(text, "me"))) << text;
    const auto odd = read_channel(R"({"type":"said","offset":-3,"epoch":7,"data":null,"ttl":-1})", "me");
    ASSERT_TRUE(item_in(odd));
    EXPECT_EQ(item_in(odd)->at, position{});
    EXPECT_FALSE(std::get<envelope>(*item_in(odd)->what).ttl);
}

TEST(RedisWire, ANodeKnowsItsOwnGap) {
    const auto text = text_of_gap(3, "me");
    const auto mine = read_channel(text, "me", position{"e", 4});
    ASSERT_TRUE(item_in(mine));
    EXPECT_EQ(std::get<gap>(*item_in(mine)->what), (gap{3, {"e", 4}, true}));
    EXPECT_EQ(item_in(mine)->at, (position{"e", 4}));
    for (const auto* reader : {"you", ""}) {
        const auto other = read_channel(text, reader, position{"e", 4});
        EXPECT_EQ(std::get<gap>(*item_in(other)->what), (gap{3, {"e", 4}}));
    }
    EXPECT_TRUE(item_in(read_channel(text_of_gap(1, ""), "me"))->what) << "of everybody";
}

TEST(RedisWire, CarriesMembers) {
    const member anna{.user = "anna", .info = {{"color", "red"}}, .connections = 2, .since = from_unix_ms(5)};
    const auto said = read_channel(text_of_joining(text_of_share(anna, 9)), "me");
    EXPECT_EQ(std::get<joining>(said).who, anna);
}

TEST(RedisWire, AddsUpTheSharesOfNodes) {
    const std::vector<std::string> shares{
        text_of_share({.user = "ben", .connections = 1, .since = from_unix_ms(1)}, 1),
        text_of_share({.user = "anna", .info = "new", .connections = 2, .since = from_unix_ms(9)}, 20),
        text_of_share({.user = "anna", .info = "old", .connections = 1, .since = from_unix_ms(3)}, 10), "nonsense"};
    EXPECT_EQ(join_shares(shares),
              (std::vector<member>{{.user = "anna", .info = "new", .connections = 3, .since = from_unix_ms(3)},
                                   {.user = "ben", .info = nullptr, .connections = 1, .since = from_unix_ms(1)}}));
}

TEST(RedisWire, DisconnectsWithCodesThatExist) {
    const auto said = read_control(text_of(disconnection{"anna", close_code::forbidden, "7"}));
    ASSERT_TRUE(said);
    EXPECT_EQ(said->user, "anna");
    EXPECT_EQ(said->code, close_code::forbidden);
    EXPECT_EQ(said->id, "7");
    EXPECT_EQ(read_control(R"({"type":"disconnect","user":"anna","code":4505})")->id, "") << "by hand";
    const auto long_id = R"({"type":"disconnect","user":"anna","code":4505,"id":")" + std::string(65, 'x') + "\"}";
    for (const auto* text :
         {"", "{}", R"({"type":"disconnect","user":"","code":4501})", R"({"type":"disconnect","user":"anna","code":7})",
          R"({"type":"disconnect","user":"anna"})", R"({"type":"other","user":"a","code":4501})", long_id.c_str()})
        EXPECT_FALSE(read_control(text)) << text;
}

} // namespace
} // namespace infra::realtime::over_redis
