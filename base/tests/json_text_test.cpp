#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::string_view_literals;
namespace json = infra::json;
using json::failure;

/// The failure as text, "" when there is none.
std::string complaint(std::string_view text) {
    const auto read = json::parse(text);
    return read ? "" : to_string(read.error());
}

// --- writing ---

TEST(JsonText, WritesScalarsAsJavaScriptDoes) {
    EXPECT_EQ(json::to_text(nullptr), "null");
    EXPECT_EQ(json::to_text(true), "true");
    EXPECT_EQ(json::to_text(-7), "-7");
    EXPECT_EQ(json::to_text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(json::to_text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(json::to_text(3.0), "3");
    EXPECT_EQ(json::to_text(-0.0), "0");
    EXPECT_EQ(json::to_text(0.1), "0.1");
    EXPECT_EQ(json::to_text(100000.0), "100000");
    EXPECT_EQ(json::to_text(1e300), "1e+300");
    EXPECT_EQ(json::to_text("text"), "\"text\"");
}

TEST(JsonText, WritesNonFiniteNumbersAsNull) {
    for (const double x : {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_TRUE(json::to_value(x).is_null());
        EXPECT_EQ(json::to_text(json::value(x)), "null") << "also where a value was made by hand";
    }
}

TEST(JsonText, BringsDoublesBackExactly) {
    for (const double x : {0.1, 1.0 / 3, 5e-324, -2.2250738585072014e-308, 1.7976931348623157e308, 9007199254740993.0,
                           1e15, -123456789.125})
        EXPECT_EQ(json::parse<double>(json::to_text(x)).value(), x);
    std::mt19937_64 chance(20260101);
    for (int i = 0; i < 20'000; ++i)
        if (const auto x = std::bit_cast<double>(chance()); std::isfinite(x))
            ASSERT_EQ(json::parse<double>(json::to_text(x)).value(), x);
}

TEST(JsonText, EscapesWhatRfc8259Demands) {
    EXPECT_EQ(json::to_text("\"\\/\b\f\n\r\t\x01\x1f\x7f\0"sv),
              "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000\"");
    EXPECT_EQ(json::to_text(json::object{{"a\"b", 1}}), R"({"a\"b":1})");
    EXPECT_EQ(json::to_text("\xe2\x82\xac"), "\"\xe2\x82\xac\"");
}

TEST(JsonText, EscapesAByteWhereverItStands) {
    for (int byte = 0; byte < 256; ++byte)
        for (std::size_t at = 0; at < 20; ++at) {
            std::string text(20, 'a');
            text[at] = static_cast<char>(byte);
            const auto written = json::to_text(text);
            const auto read = json::parse(written);
            ASSERT_TRUE(read) << byte << " at " << at;
            EXPECT_EQ(std::string(read->as_string()), infra::encoding::to_utf8(text)) << byte << " at " << at;
            const bool stands_for_itself = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            EXPECT_EQ(written == '"' + text + '"', stands_for_itself) << byte << " at " << at;
        }
}

TEST(JsonText, IsUtf8EvenOfStringsThatAreNot) {
    EXPECT_EQ(json::to_text("a\xff\"\xc3"), "\"a\xef\xbf\xbd\\\"\xef\xbf\xbd\"");
    EXPECT_EQ(json::to_text(json::object{{"\xff", "\xff"}}), "{\"\xef\xbf\xbd\":\"\xef\xbf\xbd\"}");
}

// --- reading ---

TEST(JsonParse, NamesTheLineAndColumn) {
    using row = std::pair<std::string_view, std::string_view>;
    for (const auto& [text, expected] : std::vector<row>{
             {"", "the JSON text is empty"},
             {"{", "line 1, column 2: the JSON text ends too early"},
             {"  ", "line 1, column 3: the JSON text ends too early"},
             {"x", "line 1, column 1: this is not JSON"},
             {"[1,]", "line 1, column 4: this is not JSON"},
             {"{\n  \"a\": 1,\n  \"b\" 2\n}", "line 3, column 7: this is not JSON"},
             {"1 2", "line 1, column 3: there is more text after the end of the JSON value"},
             {"[1]\n]", "line 2, column 1: there is more text after the end of the JSON value"},
             {"// note\n1", "line 1, column 1: this is not JSON"},
             {"'a'", "line 1, column 1: this is not JSON"},
             {"\xef\xbb\xbf"
              "1",
              "line 1, column 1: this is not JSON"},
         })
        EXPECT_EQ(complaint(text), expected) << text;
}

TEST(JsonParse, ReadsTheNearestDouble) {
    using row = std::pair<std::string_view, double>;
    for (const auto& [text, expected] : std::vector<row>{
             {"9007199254740991.0", 9007199254740991.0},
             {"-0.1e+1", -1.0},
             {"1E5", 1e5},
             {"0.000001", 1e-6},
             {"2.4703282292062328e-324", 5e-324},
             {"2.4703282292062327e-324", 0.0},
             {"1e-999", 0.0},
             {"-1e-999", 0.0},
             {"0e999999", 0.0},
             {"1.7976931348623157e308", std::numeric_limits<double>::max()},
         })
        EXPECT_EQ(json::parse<double>(text).value(), expected) << text;
}

TEST(JsonParse, RefusesANumberNoDoubleCanHold) {
    for (const auto text : {"1e309", "-1e309", "1.8e308", "1e999", "1e99999999999", "[1e308,1e400]"})
        EXPECT_NE(complaint(text).find("the number is too large"), std::string::npos) << text;
    EXPECT_NE(complaint(std::string(400, '9')).find("the number is too large"), std::string::npos);
}

TEST(JsonParse, RefusesWhatIsNotUtf8OrNotAString) {
    for (const auto text : {"\"\xff\""sv, "\"\xc3\""sv, "\"\xed\xa0\x80\""sv, "\"\xc0\xaf\""sv, "{\"\xff\":1}"sv,
                            "\"\\ud800\""sv, "\"\\udc00\""sv, "\"\\uZZZZ\""sv, "\"a\nb\""sv, "\"a\0b\""sv, "\0"sv,
                            "NaN"sv, "Infinity"sv, "01"sv, "+1"sv, ".5"sv, "1."sv, "True"sv})
        EXPECT_NE(complaint(text), "") << text;
}

TEST(JsonParse, LimitsDepthAndSize) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_EQ(complaint(nested(32)), "");
    EXPECT_EQ(complaint(nested(33)), "line 1, column 33: nested deeper than 32 arrays and objects");
    EXPECT_NE(complaint(nested(400'000)), "");
    EXPECT_TRUE(json::parse(nested(3), {.max_depth = 3}));
    EXPECT_FALSE(json::parse(nested(4), {.max_depth = 3}));

    EXPECT_TRUE(json::parse("12345", {.max_bytes = 5}));
    EXPECT_EQ(json::parse("123456", {.max_bytes = 5}).error(), (failure{"", "the JSON text is longer than 5 bytes"}));
    EXPECT_EQ(complaint(std::string(1024 * 1024 + 1, ' ')), "the JSON text is longer than 1048576 bytes");
}

TEST(JsonParse, TakesTheLastOfRepeatedMembers) {
    EXPECT_EQ(json::to_text(json::parse(R"({"id":"a","id":"b"})").value()), R"({"id":"b"})");
}

/// Text that is nearly JSON: pieces of it strung together.
std::string noise(std::mt19937_64& chance) {
    static constexpr std::array pieces{"{"sv,       "}"sv,          "["sv,     "]"sv,  ","sv,    ":"sv,        "\""sv,
                                       "\"id\":"sv, "\"items\":"sv, "\"a\""sv, "1"sv,  "-1e5"sv, "1e999"sv,    "null"sv,
                                       "true"sv,    "\\u00"sv,      "\xff"sv,  "\0"sv, " "sv,    "\"sku\":"sv, "[["sv};
    std::string text;
    for (auto n = chance() % 24; n > 0; --n) {
        if (chance() % 8 == 0)
            text += static_cast<char>(chance() % 256);
        else
            text += pieces[chance() % pieces.size()];
    }
    return text;
}

TEST(JsonParse, SurvivesNoiseAndWritesWhatItReads) {
    std::mt19937_64 chance(20260101);
    int read_well = 0;
    for (int i = 0; i < 50'000; ++i) {
        const auto text = noise(chance);
        const auto parsed = json::parse(text);
        if (!parsed)
            continue;
        ++read_well;
        const auto again = json::parse(json::to_text(*parsed));
        ASSERT_TRUE(again) << text;
        ASSERT_EQ(json::to_text(*again), json::to_text(*parsed)) << text;
    }
    EXPECT_GT(read_well, 100) << "the noise is too far from JSON to prove anything";
}

} // namespace
