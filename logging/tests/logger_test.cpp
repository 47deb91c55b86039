#include "support.hpp"

#include <infra/base/context.hpp>

#include <stdexcept>

namespace infra::logging {
namespace {

struct user {
    std::string name{};
    std::optional<int> age{};
};
BOOST_DESCRIBE_STRUCT(user, (), (name, age))

TEST(Logger, WritesTypedFieldsInOrder) {
    captured log;
    logger({.module = "web", .to = &log.out}).info("server started", {{"port", 3000}, {"host", "localhost"}});
    EXPECT_EQ(log.text(), "{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"level\":\"info\",\"module\":\"web\","
                          "\"message\":\"server started\",\"port\":3000,\"host\":\"localhost\"}\n");
}

TEST(Logger, TakesWhatPeopleLog) {
    captured log;
    const logger speaks({.to = &log.out});
    const std::string text = "some text that does not fit into a small string";
    const user ann{.name = "Ann"};
    speaks.error("all", {{"view", std::string_view(text)},
                         {"temporary", text + "!"},
                         {std::string("key"), 'c'},
                         {"missing", static_cast<const char*>(nullptr)},
                         {"error", std::runtime_error("boom")},
                         {"user", ann},
                         {"age", ann.age},
                         {"level", level::warn},
                         {"nested", json::value{{"k", 1}}},
                         {"list", std::vector<int>{1, 2}},
                         {"took", 12ms}});
    const auto line = log.lines().at(0);
    EXPECT_EQ(line.at("temporary").as_string(), text + "!");
    EXPECT_EQ(line.at("key"), "c");
    EXPECT_TRUE(line.at("missing").is_null());
    EXPECT_EQ(line.at("error"), "boom");
    EXPECT_EQ(line.at("user"), (json::value{{"name", "Ann"}}));
    EXPECT_TRUE(line.at("age").is_null());
    EXPECT_EQ(line.at("level_"), "warn");
    EXPECT_EQ(line.at("nested"), (json::value{{"k", 1}}));
    EXPECT_EQ(line.at("list"), (json::value{1, 2}));
    EXPECT_EQ(line.at("took"), 12);
}

TEST(Logger, TakesAnObjectMadeElsewhere) {
    captured log;
    const json::object kept{{"ip", "192.168.1.1"}, {"count", 95}};
    logger({.to = &log.out}).warn("rate limit", kept);
    EXPECT_EQ(log.lines().at(0).at("count"), 95);
}

TEST(Logger, SaysNothingBelowItsLevel) {
    captured log({.levels = parse_levels("warn,db=debug").rules});
    const logger web({.module = "web", .to = &log.out}), db({.module = "db", .to = &log.out}),
        chatty({.module = "web", .level = level::debug, .to = &log.out});
    web.debug("no");
    web.info("no");
    web.warn("1");
    db.debug("2");
    chatty.debug("3");
    EXPECT_EQ(log.lines().size(), 3U);
    EXPECT_TRUE(db.enabled(level::debug));
    EXPECT_FALSE(web.enabled(level::info));
}

TEST(Logger, GivesItsFieldsToItsChildrenWhichOutliveIt) {
    captured log;
    const auto step = [&] {
        const logger auth({.module = "auth", .fields = {{"zone", "eu"}}, .to = &log.out});
        return auth.child({{"request_id", std::string("an id too long for a small string")}})
            .child({{"zone", "us"}, {"step", 2}});
    }();
    step.info("in", {{"step", 3}});
    const auto line = log.text();
    EXPECT_NE(
        line.find(
            R"("module":"auth","message":"in","zone":"us","request_id":"an id too long for a small string","step":3})"),
        std::string::npos)
        << line;
}

TEST(Logger, RenamesTheModuleOfAChild) {
    captured log({.levels = parse_levels("error,db=debug").rules});
    const logger root({.to = &log.out});
    const auto db = root.child({{"module", "db"}});
    EXPECT_EQ(db.module(), "db");
    EXPECT_TRUE(db.enabled(level::debug));
    db.debug("x");
    EXPECT_EQ(log.lines().at(0).at("module"), "db");
}

TEST(Logger, CarriesTheActiveSpanAndTheRequestId) {
    captured log;
    const logger speaks({.to = &log.out});
    const span_context active{{0x0af7651916cd43dd, 0x8448eb211c80319c}, {0xb7ad6b7169203331}, 1};
    {
        const context_scope in(context().with_span(active).with_request_id("r-7"));
        speaks.info("inside");
    }
    speaks.info("outside");
    const auto lines = log.lines();
    EXPECT_EQ(lines[0].at("trace_id"), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(lines[0].at("span_id"), "b7ad6b7169203331");
    EXPECT_EQ(lines[0].at("request_id"), "r-7");
    EXPECT_FALSE(lines[1].contains("trace_id"));
    EXPECT_FALSE(lines[1].contains("request_id"));
}

TEST(Logger, CanBeUsedAfterItWasMovedFrom) {
    captured log;
    logger first({.to = &log.out});
    const logger second = std::move(first);
    first.info("1");
    second.info("2");
    EXPECT_EQ(log.lines().size(), 2U);
}

} // namespace
} // namespace infra::logging
