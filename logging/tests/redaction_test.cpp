#include "src/redaction.hpp"

#include "support.hpp"

#include <map>

#include <boost/describe/class.hpp>

#include <stdexcept>

namespace infra::logging {
namespace {

using detail::redactor;

TEST(LogRedaction, HidesNamedKeysInAnyCase) {
    const redactor r({.keys = {"Password", "set-cookie"}});
    for (const auto* hidden : {"password", "PASSWORD", "passWord", "Set-Cookie"})
        EXPECT_TRUE(r.touches(hidden) && r.hides(hidden)) << hidden;
    for (const auto* shown : {"", "pass", "passwords", "paxxword", "user"})
        EXPECT_FALSE(r.touches(shown) || r.hides(shown)) << shown;
}

TEST(LogRedaction, ReplacesInsideNestedValues) {
    struct row {
        std::vector<std::string> paths;
        json::value from, to;
    };
    const row table[] = {
        {{}, {{"password", "x"}, {"n", 1}}, {{"password", "[redacted]"}, {"n", 1}}},
        {{}, {{"a", {{{"password", {{"b", 1}}}}}}}, {{"a", {{{"password", "[redacted]"}}}}}},
        {{"f.card.number"},
         {{"card", {{"number", 1}, {"name", 2}}}},
         {{"card", {{"number", "[redacted]"}, {"name", 2}}}}},
        {{"f.card.number"}, {{"number", 1}}, {{"number", 1}}},
        {{"f.*.value"},
         {{"a", {{"value", 1}}}, {"b", {{"value", 2}}}},
         {{"a", {{"value", "[redacted]"}}}, {"b", {{"value", "[redacted]"}}}}},
        {{"f.1"}, {"x", "y", "z"}, {"x", "[redacted]", "z"}},
        {{"*.deep"}, {{"deep", 1}}, {{"deep", "[redacted]"}}},
        {{"g.deep"}, {{"deep", 1}}, {{"deep", 1}}},
        {{"f"}, {{"deep", 1}}, {{"deep", 1}}}, // the whole field: hides() says so
    };
    for (const auto& each : table)
        EXPECT_EQ(redactor({.keys = {"password"}, .paths = each.paths}).inside("f", each.from), each.to);
}

TEST(LogRedaction, HidesAFieldThatIsAWholePath) {
    const redactor r({.keys = {}, .paths = {"session", "user.name"}});
    EXPECT_TRUE(r.hides("session"));
    EXPECT_FALSE(r.hides("Session"));
    EXPECT_TRUE(r.touches("user"));
    EXPECT_FALSE(r.hides("user"));
    EXPECT_TRUE(redactor({.keys = {}, .paths = {"*"}}).hides("anything"));
}

TEST(LogRedaction, NamesABadOption) {
    EXPECT_THROW(redactor({.keys = {""}}), std::invalid_argument);
    EXPECT_THROW(redactor({.paths = {"a..b"}}), std::invalid_argument);
    EXPECT_THROW(redactor({.paths = {""}}), std::invalid_argument);
}

struct account {
    std::string name{};
    std::string token{};
};
BOOST_DESCRIBE_STRUCT(account, (), (name, token))

struct key_pair {
    std::string id{};
    secret<std::string> key{};
    std::optional<secret<int>> pin{};
};
BOOST_DESCRIBE_STRUCT(key_pair, (), (id, key, pin))
struct bucket_access {
    key_pair now{};
    std::vector<key_pair> before{};
    std::optional<key_pair> next{};
};
BOOST_DESCRIBE_STRUCT(bucket_access, (), (now, before, next))

TEST(LogRedaction, HidesTheSecretMembersOfDescribedStructs) {
    captured log;
    const key_pair pair{.id = "a", .key = secret<std::string>("hunter2"), .pin = secret<int>(4711)};
    const bucket_access access{.now = pair, .before = {pair, pair}, .next = pair};
    logger({.to = &log.out}).info("m", {{"access", access}, {"pairs", access.before}, {"next", access.next}});
    const auto hidden = json::value{{"id", "a"}, {"key", "[redacted]"}, {"pin", "[redacted]"}};
    const auto line = log.lines().at(0);
    EXPECT_EQ(line.at("access"), (json::value{{"now", hidden}, {"before", {hidden, hidden}}, {"next", hidden}}));
    EXPECT_EQ(line.at("pairs"), (json::value{hidden, hidden}));
    EXPECT_EQ(line.at("next"), hidden);
    EXPECT_EQ(log.text().find("hunter2"), std::string::npos);
    EXPECT_EQ(log.text().find("4711"), std::string::npos);
}

TEST(LogRedaction, LeavesNothingOfASecretInALine) {
    captured log({.redact = {.paths = {"cards.*.number"}}});
    const account ann{.name = "Ann", .token = "hunter2"};
    const secret<std::string> pin("hunter2");
    const json::value cards{{{"number", "hunter2"}, {"bank", "b"}}};
    const logger speaks({.fields = {{"api_key", "hunter2"}, {"nested", {{"cookie", "hunter2"}}}}, .to = &log.out});
    speaks.child({{"Authorization", "hunter2"}})
        .info(
            "m",
            {{"account", ann}, {"pin", pin}, {"PASSWORD", "hunter2"}, {"maybe", std::optional(pin)}, {"cards", cards}});
    const auto text = log.text();
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_NE(text.find(R"("account":{"name":"Ann","token":"[redacted]"})"), std::string::npos) << text;
    EXPECT_NE(text.find(R"("cards":[{"number":"[redacted]","bank":"b"}])"), std::string::npos) << text;
    EXPECT_EQ(pin.reveal(), "hunter2");
}

/// Says itself how it is shown, though it is described, to be stored.
struct card {
    std::string number;
    operator field_value() const noexcept { return "a card"; }
};
BOOST_DESCRIBE_STRUCT(card, (), (number))

struct payment {
    card by{};
    std::map<std::string, secret<std::string>> keys{};
};
BOOST_DESCRIBE_STRUCT(payment, (), (by, keys))

TEST(LogRedaction, IsKeptByTypesThatSayHowTheyAreShown) {
    captured log;
    const logger speaks({.to = &log.out});
    const payment paid{.by = {"4111"}, .keys = {{"a", secret<std::string>("hunter2")}}};
    speaks.info("paid", {{"payment", paid}, {"card", paid.by}});
    const auto line = log.lines().at(0);
    EXPECT_EQ(line.at("card"), "a card");
    EXPECT_EQ(line.at("payment"), (json::value{{"by", "a card"}, {"keys", {{"a", "[redacted]"}}}}));
    EXPECT_EQ(json::to_text(paid.by), R"({"number":"4111"})");
}

} // namespace
} // namespace infra::logging
