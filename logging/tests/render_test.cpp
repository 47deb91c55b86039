#include "src/json_text.hpp"
#include "src/render.hpp"

#include "support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>

#include <cstdlib>
#include <deque>

namespace infra::logging {
namespace {

const span_context traced{{0x0af7651916cd43dd, 0x8448eb211c80319c}, {0xb7ad6b7169203331}, 1};

struct draft {
    level severity = level::info;
    std::string_view module{};
    std::string_view message = "m";
    std::vector<field> fields{};
    std::vector<field> of_logger{};
    span_context span{};
    std::string_view request_id{};
    const std::source_location* where = nullptr;
};

void add(rendered_fields& to, std::span<const field> more) {
    for (const auto& f : more) {
        line_buffer value;
        append_value(value, f.value);
        to.add(f.key, std::string(value.view()));
    }
}

using append_line = void (*)(line_buffer&, const line&);

std::string rendered(const draft& d, append_line append) {
    rendered_fields of_logger;
    add(of_logger, d.of_logger);
    std::vector<line_field> fields;
    std::deque<std::string> keys; // UTF-8, as reading a record makes them
    for (const auto& f : d.fields)
        if (fields.size() < max_fields)
            fields.push_back({keys.emplace_back(encoding::to_utf8(f.key)), f.value});
    time_text clock;
    line_buffer out;
    append(out, {.time = clock.of(from_unix_ms(1'767'225'600'123)),
                 .severity = d.severity,
                 .module = d.module,
                 .message = d.message,
                 .fields = fields,
                 .left_out = d.fields.size() - fields.size(),
                 .span = d.span,
                 .request_id = d.request_id,
                 .of_logger = of_logger,
                 .where = d.where});
    return std::string(out.view());
}

std::string json_line(const draft& d) { return rendered(d, &append_json_line); }

/// Without the head that every line of these tests shares.
std::string json_fields(const draft& d) {
    const std::string head = R"({"timestamp":"2026-01-01T00:00:00.123Z","level":"info","message":"m")";
    const auto line = json_line(d);
    EXPECT_TRUE(line.starts_with(head)) << line;
    EXPECT_TRUE(line.ends_with("}\n")) << line;
    return line.substr(head.size(), line.size() - head.size() - 2);
}

std::string pretty_line(const draft& d, bool colours = false) {
    return rendered(
        d, colours ? [](line_buffer& out, const line& l) { append_pretty_line(out, l, true); }
                   : [](line_buffer& out, const line& l) { append_pretty_line(out, l, false); });
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

TEST(LogLine, MergesTheFieldsOfAChildIntoThoseOfItsParent) {
    rendered_fields of_logger;
    const field first[] = {{"a", 1}, {"b", "x\"y"}}, second[] = {{"a", 2}, {"level", 3}};
    add(of_logger, first);
    add(of_logger, second);
    EXPECT_EQ(of_logger.json(), R"(,"a":2,"b":"x\"y","level_":3)");
}

TEST(LogLine, GrowsPastTheStack) {
    const std::string large(1 << 20, 'x');
    const auto read = json::parse(json_line({.message = large, .fields = {{"f", large}}}), {.max_bytes = 4 << 20});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->at("message").as_string().size(), large.size());
    EXPECT_EQ(read->at("f").as_string().size(), large.size());
}

TEST(PrettyLine, IsForPeople) {
    EXPECT_EQ(pretty_line({.severity = level::warn,
                           .module = "auth",
                           .message = "denied to \"ann\"",
                           .fields = {{"user", "ann"}, {"n", 3}},
                           .of_logger = {{"zone", "eu"}}}),
              "00:00:00.123 WARN  (auth) denied to \"ann\" zone=\"eu\" user=\"ann\" n=3\n");
}

TEST(PrettyLine, LetsNothingThroughThatCommandsTheTerminal) {
    const auto line =
        pretty_line({.module = "m\x1b[2J", .message = "\x1b[31mred\nforged", .fields = {{"k\r", "\u009b2J"}}});
    for (const char* command : {"\x1b", "\r", "\u009b"})
        EXPECT_EQ(line.find(command), std::string::npos);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(PrettyLine, IsColouredOnlyWhenAsked) {
    EXPECT_NE(pretty_line({.severity = level::error}, true).find("\x1b[31mERROR\x1b[0m"), std::string::npos);
    EXPECT_EQ(pretty_line({.severity = level::error}, false).find('\x1b'), std::string::npos);
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
    const auto source = "render_test.cpp:" + std::to_string(here.line());
    EXPECT_EQ(json_fields({.fields = {{"a", 1}}, .where = &here}), R"(,"a":1,"source":")" + source + '"');
    EXPECT_EQ(json_fields({.fields = {{"source", 1}}, .where = &here}), R"(,"source":1)");
    EXPECT_EQ(json_fields({.of_logger = {{"source", 2}}, .where = &here}), R"(,"source":2)");
}

} // namespace
} // namespace infra::logging
