#include "src/logs_json.hpp"
#include "tests/expectation.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace infra::otlp::detail {
namespace {

using logging::record_field;
using logging::record_view;
using namespace std::chrono_literals;

constexpr infra::trace_id trace{0x0af7651916cd43dd, 0x8448eb211c80319c};

log_entry entry(record_view r, std::vector<record_field> fields = {}) {
    r.fields = fields;
    return entry_of(r, wall_time(1700000001s + 2ns));
}

std::vector<log_entry> as_in_the_peer() {
    const record_view served{.time = wall_time(1700000000s + 1ns),
                             .module = "web",
                             .message = "request served é",
                             .span = {trace, {0xb7ad6b7169203331}, 1}};
    std::vector<log_entry> out;
    out.push_back(entry(served, {{"request_id", "r-1"},
                                 {"http.response.status_code", 200},
                                 {"ok", "true", true},
                                 {"ratio", 0.5},
                                 {"tags", R"(["a","b"])", true},
                                 {"nested", R"({"deep":1})", true},
                                 {"none", nullptr},
                                 {"code.file.path", "worker.cpp"},
                                 {"code.line.number", 42}}));
    out.push_back(entry({.time = wall_time(1700000000s + 5ns),
                         .severity = level::error,
                         .module = "db",
                         .message = "it broke",
                         .left_out = 3}));
    out.push_back(entry({.time = wall_time(1700000000s + 250ms),
                         .severity = level::warn,
                         .module = "web",
                         .span = {trace, {0xb7ad6b7169203331}, 0}}));
    out.push_back(entry({.time = wall_time(1ns), .severity = level::debug, .message = "m"}));
    return out;
}

// expected_logs.json is what peers/otlp/expected_logs.mjs prints.
TEST(LogsJson, IsWhatOpenTelemetrysJavaScriptSends) {
    const auto expected = expectation("expected_logs.json");
    const auto ours = parsed(logs_json(as_in_the_peer(), {{"service.name", "shop"}, {"service.version", "1.2.3"}}));
    EXPECT_EQ(ours, expected) << json::to_text(ours);
}

TEST(LogsJson, HasTheNumberOfALineThatHasOne) {
    EXPECT_EQ(entry({.message = "m", .sequence = 7}).attributes, (json::object{{"log_sequence", 7U}}));
    EXPECT_TRUE(entry({.message = "m"}).attributes.empty());
}

TEST(LogsJson, SaysWhereALineWasWritten) {
    const auto here = std::source_location::current();
    const auto attributes = entry({.message = "m", .where = here}).attributes;
    EXPECT_EQ(attributes.at("code.file.path"), here.file_name());
    EXPECT_EQ(attributes.at("code.line.number").to_number<unsigned>(), here.line());
}

TEST(LogsJson, IsValidWhateverTheTextsHold) {
    const auto bad = entry({.module = "\xff", .message = "\xc3(\x1b\0"}, {{"k", "\xed\xa0\x80"},
                                                                          {"nan", std::nan("")},
                                                                          {"big", ~std::uint64_t(0)},
                                                                          {"took", 1500us},
                                                                          {"at", wall_time()}});
    const auto text = logs_json(std::vector{bad}, {});
    const auto read = json::parse(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(text.find('\xff'), std::string::npos);
    EXPECT_NE(text.find(R"({"key":"big","value":{"stringValue":"18446744073709551615"}})"), std::string::npos) << text;
    EXPECT_NE(text.find(R"({"key":"nan","value":{}})"), std::string::npos) << text;
    EXPECT_NE(text.find(R"({"key":"took","value":{"doubleValue":1.5E0}})"), std::string::npos) << text;
    EXPECT_NE(text.find(R"({"stringValue":"1970-01-01T00:00:00.000Z"})"), std::string::npos) << text;
}

TEST(LogsJson, WeighsItsTexts) {
    const std::string text(1000, 'x');
    const record_field fields[] = {{"k", text}};
    EXPECT_GE(weight_of({.message = text, .fields = fields}), 2001U);
    EXPECT_LT(weight_of({.message = text, .fields = fields}), 2500U);
}

} // namespace
} // namespace infra::otlp::detail
