// Log lines, in every spelling, and as they are written.

#include "support.hpp"

#include <infra/health.hpp>
#include <infra/logging.hpp>

#include <gtest/gtest.h>

#include <cmath> // puts ::log at global scope

namespace shop {
namespace log = infra::logging; // allowed here; at global scope it clashes with ::log of <cmath>
}

namespace api {
namespace {

TEST(ApiLogging, WritesTypedFieldsInOrder) {
    log_lines().clear();
    infra::log::info("server started", {{"port", 3000}});
    EXPECT_EQ(log_lines().text(), "{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"level\":\"info\",\"message\":"
                                  "\"server started\",\"port\":3000}\n");
}

TEST(ApiLogging, TwoStringsAreOneField) {
    using namespace infra; // and then the short name wins over ::log, which is no namespace
    log_lines().clear();
    log::info("short", {});
    shop::log::warn("trap", {{"a", "b"}});
    EXPECT_NE(log_lines().text().find("\"a\":\"b\""), std::string::npos);
    shop::log::warn("pair of pairs", {{"a", "b"}, {"c", "d"}});
    EXPECT_NE(log_lines().text().find("\"a\":\"b\",\"c\":\"d\""), std::string::npos);
}

TEST(ApiLogging, TakesWhatPeopleLog) {
    namespace log = infra::logging; // allowed in a function too
    log_lines().clear();
    const std::string text = long_text("text");
    const char* missing = nullptr;
    const user ann{.name = "Ann", .role = "admin"};
    log::debug("hidden");
    log::info(text);
    log::info(text + "!", {});
    log::error("all", {{"text", text},
                       {"view", std::string_view(text)},
                       {"temporary", text + "!"},
                       {std::string("key"), 'c'},
                       {"yes", true},
                       {"size", text.size()},
                       {"negative", -1},
                       {"ratio", 0.5},
                       {"none", nullptr},
                       {"missing", missing},
                       {"error", std::runtime_error("boom")},
                       {"code", make_error_code(boost::system::errc::timed_out)},
                       {"user", ann},
                       {"age", ann.age},
                       {"status", infra::health::health_status::degraded},
                       {"nested", infra::json::value{{"k", 1}}},
                       {"list", std::vector<int>{1, 2}}});
    const auto lines = log_lines().text();
    EXPECT_EQ(lines.find("hidden"), std::string::npos);
    for (const auto* part :
         {"\"yes\":true", "\"missing\":null", "\"none\":null", "\"key\":\"c\"", "\"error\":\"boom\"", "\"age\":null",
          "\"status\":\"degraded\"", "\"nested\":{\"k\":1}", "\"list\":[1,2]", "\"name\":\"Ann\"", "\"negative\":-1"})
        EXPECT_NE(lines.find(part), std::string::npos) << part << " in " << lines;
}

TEST(ApiLogging, ChildrenOutliveTheirParents) {
    using infra::logging::logger;
    log_lines().clear();
    auto make = [](std::string id) {
        logger auth({.module = "auth"});
        return auth.child({{"request_id", id}}).child({{"step", 2}});
    };
    const auto log = make(long_text("id"));
    log.info("in", {{"user_id", "123"}});
    const infra::json::object kept{{"ip", "192.168.1.1"}, {"count", 95}};
    logger({.module = "limits", .level = infra::logging::level::warn}).warn("rate limit", kept);
    logger().info("bare");
    EXPECT_NE(log_lines().text().find("\"module\":\"auth\",\"message\":\"in\",\"request_id\""), std::string::npos);
    EXPECT_NE(log_lines().text().find("\"count\":95"), std::string::npos);
}

} // namespace
} // namespace api
