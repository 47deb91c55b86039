#include "src/record.hpp"

#include <infra/base/json.hpp>

#include <gtest/gtest.h>

namespace infra::logging::detail {
namespace {

using namespace std::chrono_literals;

/// Written and read back; `bytes` is what the record's views look into.
struct round_trip {
    std::vector<char> bytes;
    record r;

    explicit round_trip(const record_parts& parts, const std::vector<line_field>& fields = {}) {
        const std::span<const line_field> view(fields);
        bytes.resize(record_size(parts, view) + 1, '#');
        write_record(bytes.data(), bytes.size() - 1, parts, view);
        EXPECT_EQ(bytes.back(), '#');
        EXPECT_EQ(bytes.size() % 8, 1U);
        read_record(bytes.data(), r);
    }
};

TEST(LogRecord, KeepsEveryValue) {
    const wall_time when = from_unix_ms(1'767'225'600'123);
    const std::string long_key(1000, 'k'), long_text(5000, 't');
    const round_trip t({.severity = level::warn, .time = 7, .message = "m"}, {{"null", nullptr},
                                                                              {"true", true},
                                                                              {"negative", -5},
                                                                              {"large", ~std::uint64_t(0)},
                                                                              {"half", 0.5},
                                                                              {"text", "a"},
                                                                              {"json", "[1]", true},
                                                                              {"took", 1500us},
                                                                              {"when", when},
                                                                              {long_key, long_text},
                                                                              {"", ""}});
    const auto& f = t.r.fields;
    ASSERT_EQ(f.size(), 11U);
    EXPECT_EQ(f[0].value.type(), field_value::kind::null);
    EXPECT_TRUE(f[1].value.boolean());
    EXPECT_EQ(f[2].value.signed_integer(), -5);
    EXPECT_EQ(f[3].value.unsigned_integer(), ~std::uint64_t(0));
    EXPECT_EQ(f[4].value.floating(), 0.5);
    EXPECT_EQ(f[5].value.text(), "a");
    EXPECT_TRUE(f[6].is_json && f[6].value.text() == "[1]");
    EXPECT_EQ(f[7].value.milliseconds(), 1.5);
    EXPECT_EQ(f[8].value.time(), when);
    EXPECT_TRUE(f[9].key == long_key && f[9].value.text() == long_text);
    EXPECT_TRUE(f[10].key.empty() && f[10].value.text().empty());
    EXPECT_EQ(t.r.head.severity, level::warn);
    EXPECT_EQ(t.r.head.time, 7U);
}

TEST(LogRecord, HasOnlyThePartsThatThereAre) {
    const span_context span{{1, 2}, {3}, 1};
    const round_trip all(
        {.severity = level::info, .module = "web", .message = "hello", .span = span, .request_id = "r-1"});
    EXPECT_TRUE(all.r.module == "web" && all.r.message == "hello" && all.r.span == span && all.r.request_id == "r-1");
    const round_trip none({.severity = level::info});
    EXPECT_TRUE(none.r.module.empty() && none.r.message.empty() && !none.r.span.valid() && none.r.request_id.empty());
    EXPECT_LT(none.bytes.size(), all.bytes.size());
}

TEST(LogRecord, CopiesTextsOfEveryLength) {
    const std::string source = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (std::size_t size = 0; size <= source.size(); ++size) {
        const auto text = std::string_view(source).substr(0, size);
        const round_trip t({.severity = level::info, .message = text}, {{text, text}});
        EXPECT_EQ(t.r.message, text);
        EXPECT_EQ(t.r.fields.at(0).key, text);
        EXPECT_EQ(t.r.fields.at(0).value.text(), text);
    }
}

TEST(LogRecord, TakesTheModuleFromTheLogger) {
    logger_core core;
    core.module = "auth";
    EXPECT_EQ(round_trip({.severity = level::info, .logger = &core, .module = "ignored"}).r.module, "auth");
}

TEST(LogRecord, CountsTheFieldsThatItLeavesOut) {
    const std::vector<line_field> many(max_fields + 5, line_field{"k", 1});
    const round_trip t({.severity = level::info}, many);
    EXPECT_EQ(t.r.fields.size(), max_fields);
    EXPECT_EQ(t.r.head.field_count, max_fields + 5);
}

TEST(LogRecord, MakesOneKeyOfKeysThatLookAlikeOnceTheyAreUtf8) {
    const round_trip t({.severity = level::info}, {{"k\xff", 1}, {"k\xfe", 2}, {"k\u00e9", 3}});
    EXPECT_EQ(t.r.fields[0].key, "k\uFFFD");
    EXPECT_EQ(t.r.fields[1].key, t.r.fields[0].key);
    EXPECT_EQ(t.r.fields[2].key, "k\u00e9");
}

TEST(LogRecord, MayStandElsewhere) {
    const record_parts parts{.severity = level::error, .time = 9, .message = "far away"};
    const auto size = record_size<field>(parts, {});
    auto* const there = new char[size];
    write_record<field>(there, size, parts, {});
    char here[pointer_record_size];
    write_pointer(here, there);
    EXPECT_EQ(head_of(here).time, 9U);
    EXPECT_EQ(resolve(here), there);
    EXPECT_EQ(resolve(there), there);
    EXPECT_EQ(free_elsewhere(here), size);
}

} // namespace
} // namespace infra::logging::detail
