#include "render_support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>

#include <cmath>
#include <cstdlib>

namespace infra::logging {
namespace {

using namespace std::chrono_literals;

std::string json_line(const draft& d) { return rendered(d, &append_json_line); }

/// Without the head that every line of these tests shares.
std::string json_fields(const draft& d) {
    const std::string head = R"({"timestamp":"2026-01-01T00:00:00.123Z","level":"info","message":"m")";
    const auto line = json_line(d);
    EXPECT_TRUE(line.starts_with(head)) << line;
    EXPECT_TRUE(line.ends_with("}\n")) << line;
    return line.substr(head.size(), line.size() - head.size() - 2);
}

TEST(LogLine, HasItsKeysInOrder) {
    EXPECT_EQ(
        json_line({.severity = level::warn,
                   .module = "auth",
                   .message = "denied",
                   .fields = {{"user", "ann"}, {"attempt", 3}},
                   .of_logger = {{"zone", "eu"}},
                   .span = traced,
                   .request_id = "r-1"}),
        "{\"timestamp\":\"2026-01-01T00:00:00.123Z\",\"level\":\"warn\",\"module\":\"auth\",\"message\":\"denied\","
        "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\","
        "\"request_id\":\"r-1\",\"zone\":\"eu\",\"user\":\"ann\",\"attempt\":3}\n");
}

TEST(LogLine, LeavesOutWhatIsNotThere) {
    EXPECT_EQ(json_line({}), "{\"timestamp\":\"2026-01-01T00:00:00.123Z\",\"level\":\"info\",\"message\":\"m\"}\n");
}

TEST(LogLine, LetsTheCallOverrideTheLoggerInItsPlace) {
    EXPECT_EQ(json_fields({.fields = {{"b", 20}, {"c", 3}}, .of_logger = {{"a", 1}, {"b", 2}}}),
              R"(,"a":1,"b":20,"c":3)");
}

TEST(LogLine, TakesTheLastOfTwoValuesInTheFirstsPlace) {
    EXPECT_EQ(json_fields({.fields = {{"a", 1}, {"b", 2}, {"a", 3}}}), R"(,"a":3,"b":2)");
}

TEST(LogLine, ProtectsItsOwnKeys) {
    EXPECT_EQ(
        json_fields(
            {.fields =
                 {{"timestamp", 1}, {"level", 2}, {"module", 3}, {"message", 4}, {"trace_id", 5}, {"span_id", 6}}}),
        R"(,"timestamp_":1,"level_":2,"module_":3,"message_":4,"trace_id_":5,"span_id_":6)");
    EXPECT_EQ(json_fields({.fields = {{"message", 1}, {"message_", 2}}}), R"(,"message_":2)");
    EXPECT_EQ(json_fields({.fields = {{"level_", 2}}, .of_logger = {{"level", 1}}}), R"(,"level_":2)");
}

TEST(LogLine, TakesTheRequestIdFromTheContextUnlessToldOtherwise) {
    EXPECT_EQ(json_fields({.fields = {{"a", 1}}, .request_id = "r"}), R"(,"request_id":"r","a":1)");
    EXPECT_EQ(json_fields({.fields = {{"a", 1}, {"request_id", "own"}}, .request_id = "r"}),
              R"(,"request_id":"own","a":1)");
    EXPECT_EQ(json_fields({.fields = {{"a", 1}}, .of_logger = {{"request_id", "child"}}, .request_id = "r"}),
              R"(,"request_id":"child","a":1)");
}

TEST(LogLine, CountsTheFieldsThatAreTooMany) {
    std::vector<std::string> keys;
    for (int i = 0; i < 200; ++i)
        keys.push_back("k" + std::to_string(i));
    draft d;
    for (const auto& key : keys)
        d.fields.push_back({key, 1});
    const auto read = json::parse(json_line(d));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->as_object().size(), 3U + 128U + 1U);
    EXPECT_EQ(read->at("dropped_fields"), 72);
}

TEST(LogLine, GrowsPastTheStack) {
    const std::string large(1 << 20, 'x');
    const auto read = json::parse(json_line({.message = large, .fields = {{"f", large}}}), {.max_bytes = 4 << 20});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->at("message").as_string().size(), large.size());
    EXPECT_EQ(read->at("f").as_string().size(), large.size());
}

// A line in which nothing is to be escaped and no keys meet is made in another way than all others.
std::string with_escaped_message(std::string line, std::string_view message) {
    const auto at = line.find("\"message\":\"") + 11 + message.size();
    return line.insert(at, "\\n");
}

TEST(LogLine, IsTheSameWhicheverWayItIsMade) {
    for (int i = 0; i < 500; ++i) {
        const std::string text(static_cast<std::size_t>(i) % 50, static_cast<char>('a' + i % 26));
        draft d{.severity = static_cast<level>(i % 4), .module = i % 3 ? std::string_view(text) : "", .message = text};
        d.fields = {{"b", i % 2 == 0}, {"i", -i},  {"u", 7U},  {"d", i * 0.1},       {"n", nullptr},
                    {"t", text},       {"w", 1ms}, {"x", "y"}, {"nan", std::nan("")}};
        d.fields.resize(static_cast<std::size_t>(i) % (d.fields.size() + 1));
        if (i % 5 == 0)
            d.of_logger = {{"zone", text}, {"shard", i}};
        if (i % 7 == 0)
            d.span = traced;
        if (i % 11 == 0)
            d.request_id = "r-1";
        const auto usual = json_line(d);
        const auto other = text + '\n';
        d.message = other;
        ASSERT_EQ(json_line(d), with_escaped_message(usual, text));
    }
}

// So many that the marks by which they are told apart at first are all taken.
TEST(LogLine, KeepsEveryOneOfManyFields) {
    std::vector<std::string> keys;
    draft d{.of_logger = {{"a", 1}}};
    for (int i = 0; i < 100; ++i)
        keys.push_back("key_" + std::to_string(i));
    std::string expected = R"(,"a":1)";
    for (const auto& key : keys) {
        d.fields.push_back({key, 1});
        expected += ",\"" + key + "\":1";
    }
    EXPECT_EQ(json_fields(d), expected);
    d.fields.push_back({"key_50", 2});
    EXPECT_EQ(json_fields(d), expected.replace(expected.find("\"key_50\":1") + 9, 1, "2"));
}

// --- whatever the fields hold ---

std::string noise() {
    std::string text(random_u64() % 40, '\0');
    for (auto& c : text)
        switch (random_u64() % 4) {
        case 0: c = static_cast<char>(random_u64()); break;
        case 1: c = "\"\\\n\x1b{}:,"[random_u64() % 8]; break;
        case 2: c = static_cast<char>(0x80 | (random_u64() & 0x7f)); break;
        default: c = static_cast<char>('a' + random_u64() % 26);
        }
    return text;
}

double odd_number() {
    const auto bits = random_u64();
    double number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return number;
}

std::vector<std::string> noisy_lines(std::size_t count) {
    static constexpr std::string_view keys[] = {"message", "level", "message_", "a", "request_id", ""};
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i) {
        const auto module = noise(), message = noise(), request = noise(), key = noise();
        std::vector<std::string> values(6);
        draft d{.module = module, .message = message, .request_id = request};
        for (auto& value : values) {
            value = noise();
            d.fields.push_back({keys[random_u64() % std::size(keys)], value});
        }
        d.fields.push_back({key, odd_number()});
        d.of_logger = {{key, values[0]}, {"message", odd_number()}};
        lines.push_back(json_line(d));
    }
    return lines;
}

std::size_t fuzz_count() { return std::getenv("INFRA_TEST_LONG") ? 100'000 : 3'000; }

TEST(LogLine, IsJsonWithEachKeyOnceWhateverTheFieldsHold) {
    for (const auto& line : noisy_lines(fuzz_count())) {
        ASSERT_TRUE(encoding::is_utf8(line));
        ASSERT_EQ(line.find('\n'), line.size() - 1);
        const auto read = json::parse(line);
        ASSERT_TRUE(read) << encoding::hex_encode(line) << to_string(read.error());
        ASSERT_TRUE(read->as_object().contains("message"));
    }
}

TEST(LogLine, SaysWhereItWasWrittenUnlessAFieldSaysIt) {
    const auto here = std::source_location::current();
    const auto source = "json_line_test.cpp:" + std::to_string(here.line());
    EXPECT_EQ(json_fields({.fields = {{"a", 1}}, .where = &here}), R"(,"a":1,"source":")" + source + '"');
    EXPECT_EQ(json_fields({.fields = {{"source", 1}}, .where = &here}), R"(,"source":1)");
    EXPECT_EQ(json_fields({.of_logger = {{"source", 2}}, .where = &here}), R"(,"source":2)");
}

} // namespace
} // namespace infra::logging
