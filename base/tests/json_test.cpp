#include <infra/base/json.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace shop {

enum class colour { red, green, delete_ };
BOOST_DESCRIBE_ENUM(colour, red, green, delete_)

struct nothing {};
BOOST_DESCRIBE_STRUCT(nothing, (), ())

struct item {
    std::string sku;
    int count = 1;
    std::optional<double> price;
    friend bool operator==(const item&, const item&) = default;
};
BOOST_DESCRIBE_STRUCT(item, (), (sku, count, price))

struct entity {
    std::string id;
    friend bool operator==(const entity&, const entity&) = default;
};
BOOST_DESCRIBE_STRUCT(entity, (), (id))

struct order : entity {
    std::vector<item> items;
    std::map<std::string, colour> labels;
    std::chrono::seconds timeout{};
    std::optional<std::string> note;
    friend bool operator==(const order&, const order&) = default;
};
BOOST_DESCRIBE_STRUCT(order, (entity), (items, labels, timeout, note))

struct tree {
    std::string name;
    std::vector<tree> children;
    friend bool operator==(const tree&, const tree&) = default;
};
BOOST_DESCRIBE_STRUCT(tree, (), (name, children))

struct log_line {
    std::string_view message;
    const char* module = "";
};
BOOST_DESCRIBE_STRUCT(log_line, (), (message, module))

} // namespace shop

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;
namespace json = infra::json;
using json::failure;

/// The failure as text, "" when there is none.
template <class T>
std::string complaint(std::string_view text, json::unknown_members unknown = json::unknown_members::ignored) {
    const auto read = json::parse<T>(text, {}, unknown);
    return read ? "" : to_string(read.error());
}

template <class T>
T read(std::string_view text) {
    return json::parse<T>(text).value();
}

// --- writing ---

TEST(JsonValue, WritesScalars) {
    EXPECT_EQ(json::to_text(nullptr), "null");
    EXPECT_EQ(json::to_text(true), "true");
    EXPECT_EQ(json::to_text(std::uint8_t{255}), "255");
    EXPECT_EQ(json::to_text("text"), "\"text\"");
    EXPECT_EQ(json::to_text("text"s), "\"text\"");
    EXPECT_EQ(json::to_text("text"sv), "\"text\"");
    EXPECT_EQ(json::to_text(shop::colour::delete_), "\"delete_\"");
    EXPECT_EQ(json::to_text(90s), "90000");
}

TEST(JsonValue, WritesContainers) {
    EXPECT_EQ(json::to_text(std::vector<int>{}), "[]");
    EXPECT_EQ(json::to_text(std::vector{1, 2}), "[1,2]");
    EXPECT_EQ(json::to_text(std::vector{true, false}), "[true,false]");
    EXPECT_EQ(json::to_text(std::list{"a"s}), "[\"a\"]");
    EXPECT_EQ(json::to_text(std::set{2, 1}), "[1,2]");
    EXPECT_EQ(json::to_text(std::array{1.5, 2.0}), "[1.5,2]");
    EXPECT_EQ(json::to_text(std::map<std::string, int>{}), "{}");
    EXPECT_EQ(json::to_text(std::map<std::string, int>{{"b", 2}, {"a", 1}}), R"({"a":1,"b":2})");
    EXPECT_EQ(json::to_text(std::pair{1, "x"s}), R"([1,"x"])");
    EXPECT_EQ(json::to_text(std::tuple{}), "[]");
    EXPECT_EQ(json::to_text(std::vector<std::optional<int>>{1, std::nullopt}), "[1,null]");
    EXPECT_EQ(json::to_text(json::array{1, json::object{}, nullptr}), "[1,{},null]");
}

TEST(JsonValue, WritesStructsWithBasesFirstAndWithoutEmptyOptionals) {
    const shop::order order{{"o-1"}, {{"a", 2, 9.5}, {"b", 1, {}}}, {{"box", shop::colour::red}}, 30s, {}};
    EXPECT_EQ(json::to_text(order), R"({"id":"o-1","items":[{"sku":"a","count":2,"price":9.5},{"sku":"b","count":1}],)"
                                    R"("labels":{"box":"red"},"timeout":30000})");
    EXPECT_EQ(json::to_text(shop::nothing{}), "{}");
    EXPECT_EQ(json::to_text(shop::log_line{"hi", "auth"}), R"({"message":"hi","module":"auth"})");
    EXPECT_EQ(json::to_text(failure{"/a", "b"}), R"({"path":"/a","problem":"b"})");
}

TEST(JsonValue, RefusesAnEnumValueWithoutAName) {
    EXPECT_THROW(json::to_text(static_cast<shop::colour>(7)), std::invalid_argument);
}

TEST(JsonValue, WritesDurationsInMilliseconds) {
    EXPECT_EQ(json::to_text(1h), "3600000");
    EXPECT_EQ(json::to_text(1500us), "1.5");
    EXPECT_EQ(json::to_text(-2ns), "-2e-06");
    EXPECT_EQ(json::to_text(std::chrono::duration<double>(0.25)), "250");
    EXPECT_EQ(json::to_text(std::chrono::milliseconds::max()), "9223372036854775807");
    EXPECT_EQ(json::to_text(std::chrono::hours(std::numeric_limits<std::int64_t>::max())), "3.3204139332677193e+25");
}

// --- reading ---

template <class T>
struct range_row {
    std::string_view text;
    std::optional<T> expected;
};

template <class T>
void expect_range(const std::vector<range_row<T>>& rows) {
    for (const auto& [text, expected] : rows) {
        const auto got = json::parse<T>(text);
        EXPECT_EQ(got.has_value(), expected.has_value()) << text;
        if (got && expected)
            EXPECT_EQ(*got, *expected) << text;
    }
}

TEST(JsonInteger, IsReadInItsExactRange) {
    expect_range<std::int8_t>({{"-128", -128}, {"127", 127}, {"-129", {}}, {"128", {}}});
    expect_range<std::uint8_t>({{"0", 0}, {"255", 255}, {"-1", {}}, {"256", {}}, {"18446744073709551615", {}}});
    expect_range<std::int16_t>({{"-32768", -32768}, {"32767", 32767}, {"-32769", {}}, {"32768", {}}});
    expect_range<std::uint16_t>({{"65535", 65535}, {"65536", {}}});
    expect_range<std::int32_t>({{"-2147483648", INT32_MIN}, {"2147483647", INT32_MAX}, {"2147483648", {}}});
    expect_range<std::uint32_t>({{"4294967295", UINT32_MAX}, {"4294967296", {}}});
    expect_range<std::int64_t>({{"-9223372036854775808", INT64_MIN},
                                {"9223372036854775807", INT64_MAX},
                                {"9223372036854775808", {}},
                                {"-9223372036854775809", {}},
                                {"9007199254740991.0", 9007199254740991},
                                {"-9007199254740991.0", -9007199254740991},
                                {"9007199254740993.0", {}},
                                {"1e18", {}}});
    expect_range<std::uint64_t>({{"18446744073709551615", UINT64_MAX},
                                 {"18446744073709551616", {}},
                                 {"9223372036854775808", 1ULL << 63},
                                 {"9223372036854775808.0", {}},
                                 {"-1", {}},
                                 {"-1.0", {}}});
}

TEST(JsonInteger, IsAnyNumberWithoutFraction) {
    expect_range<int>({{"3.0", 3},
                       {"3e0", 3},
                       {"30e-1", 3},
                       {"-2E2", -200},
                       {"-0", 0},
                       {"-0.0", 0},
                       {"3.5", {}},
                       {"1e999", {}},
                       {"-1e999", {}},
                       {"1e300", {}}});
}

TEST(JsonInteger, SaysWhatWasExpected) {
    EXPECT_EQ(complaint<int>("\"3\""), "expected an integer, got a string");
    EXPECT_EQ(complaint<int>("3.5"), "expected an integer, got a number with a fraction");
    EXPECT_EQ(complaint<std::int8_t>("300"), "expected an integer from -128 to 127");
    EXPECT_EQ(complaint<std::uint64_t>("-1"), "expected an integer from 0 to 18446744073709551615");
    EXPECT_EQ(complaint<std::int64_t>("1e18"), "expected an integer of this size to be written in digits alone");
}

TEST(JsonFloating, IsReadFromEveryFiniteNumber) {
    EXPECT_EQ(read<double>("3"), 3.0);
    EXPECT_EQ(read<double>("18446744073709551615"), 18446744073709551615.0);
    EXPECT_EQ(read<float>("0.5"), 0.5F);
    EXPECT_EQ(read<long double>("-2.5"), -2.5L);
    EXPECT_EQ(complaint<float>("1e39"), "the number is too large");
    EXPECT_NE(complaint<double>("1e999"), "");
    EXPECT_EQ(complaint<double>("null"), "expected a number, got null");
}

TEST(JsonScalars, SayWhichKindTheyGot) {
    EXPECT_EQ(complaint<std::string>("null"), "expected a string, got null");
    EXPECT_EQ(complaint<std::string>("1"), "expected a string, got a number");
    EXPECT_EQ(complaint<bool>("1"), "expected a boolean, got a number");
    EXPECT_EQ(complaint<double>("true"), "expected a number, got a boolean");
    EXPECT_EQ(complaint<std::vector<int>>("{}"), "expected an array, got an object");
    EXPECT_EQ(complaint<shop::item>("[]"), "expected an object, got an array");
    EXPECT_EQ((complaint<std::map<std::string, int>>("\"\"")), "expected an object, got a string");
    EXPECT_EQ(complaint<json::object>("1"), "expected an object, got a number");
    EXPECT_EQ(complaint<json::array>("1"), "expected an array, got a number");
}

TEST(JsonEnum, IsReadByName) {
    EXPECT_EQ(read<shop::colour>("\"green\""), shop::colour::green);
    EXPECT_EQ(complaint<shop::colour>("\"blue\""), "expected one of: red, green, delete_");
    EXPECT_EQ(complaint<shop::colour>("1"), "expected a string, got a number");
}

TEST(JsonOptional, IsEmptyForNull) {
    EXPECT_EQ(read<std::optional<int>>("null"), std::nullopt);
    EXPECT_EQ(read<std::optional<int>>("1"), 1);
    EXPECT_EQ(complaint<std::optional<int>>("\"1\""), "expected an integer, got a string");
}

TEST(JsonContainers, ComeBack) {
    EXPECT_EQ(read<std::vector<int>>("[1,2,3]"), (std::vector{1, 2, 3}));
    EXPECT_EQ(read<std::vector<bool>>("[true,false]"), (std::vector{true, false}));
    EXPECT_EQ(read<std::deque<std::string>>("[\"a\"]"), (std::deque{"a"s}));
    EXPECT_EQ(read<std::set<int>>("[2,1,2]"), (std::set{1, 2}));
    EXPECT_EQ((read<std::array<int, 2>>("[1,2]")), (std::array{1, 2}));
    EXPECT_EQ((read<std::unordered_map<std::string, int>>(R"({"a":1})")),
              (std::unordered_map<std::string, int>{{"a", 1}}));
    EXPECT_EQ((read<std::tuple<int, std::string, bool>>(R"([1,"x",true])")), (std::tuple{1, "x"s, true}));
    EXPECT_EQ((read<std::pair<std::string, int>>(R"(["x",1])")), (std::pair{"x"s, 1}));
    EXPECT_EQ(complaint<shop::nothing>("{}"), "");
    EXPECT_EQ(read<json::array>("[1]"), json::array{1});
    EXPECT_EQ(read<json::object>(R"({"a":1})"), (json::object{{"a", 1}}));
}

TEST(JsonContainers, OfFixedLengthSayWhichTheyGot) {
    EXPECT_EQ((complaint<std::array<int, 2>>("[1]")), "expected an array of 2, got one of 1");
    EXPECT_EQ((complaint<std::pair<int, int>>("[1,2,3]")), "expected an array of 2, got one of 3");
    EXPECT_EQ((complaint<std::tuple<int, int>>("[1,true]")), "/1: expected an integer, got a boolean");
    EXPECT_EQ((complaint<std::array<int, 2>>("[1,\"\"]")), "/1: expected an integer, got a string");
}

TEST(JsonDuration, IsReadFromMilliseconds) {
    expect_range<std::chrono::milliseconds>({{"1500", 1500ms},
                                             {"-1", -1ms},
                                             {"2.0", 2ms},
                                             {"9223372036854775807", std::chrono::milliseconds::max()},
                                             {"1.5", {}},
                                             {"18446744073709551615", {}},
                                             {"1e300", {}},
                                             {"1e999", {}}});
    expect_range<std::chrono::seconds>({{"2000", 2s}, {"2000.0", 2s}, {"1500", {}}, {"1", {}}});
    expect_range<std::chrono::nanoseconds>(
        {{"1.5", 1500us}, {"0.1", 100us}, {"-2e-06", -2ns}, {"9223372036854", 9223372036854ms}, {"9223372036855", {}}});
    expect_range<std::chrono::duration<double>>({{"250", std::chrono::duration<double>(0.25)}});
    expect_range<std::chrono::duration<std::uint8_t>>(
        {{"255000", std::chrono::duration<std::uint8_t>(255)}, {"256000", {}}});
    EXPECT_EQ(complaint<std::chrono::seconds>("1500"), "expected a multiple of 1000 milliseconds");
    EXPECT_EQ(complaint<std::chrono::seconds>("\"1s\""), "expected a number of milliseconds, got a string");
    EXPECT_EQ(complaint<std::chrono::nanoseconds>("1e15"), "the number of milliseconds is out of range");
}

constexpr auto whole_order = R"({
    "id": "o-1",
    "items": [{"sku": "a", "count": 2, "price": 9.5}, {"count": 1, "sku": "b", "price": null}],
    "labels": {"box": "red", "a/b~c": "green"},
    "timeout": 30000,
    "colour of the sky": "ignored"
})";

TEST(JsonStruct, ComesBackWhole) {
    const shop::order expected{
        {"o-1"}, {{"a", 2, 9.5}, {"b", 1, {}}}, {{"box", shop::colour::red}, {"a/b~c", shop::colour::green}}, 30s, {}};
    EXPECT_EQ(read<shop::order>(whole_order), expected);
    EXPECT_EQ(read<shop::order>(json::to_text(expected)), expected);
    EXPECT_EQ(json::from_value<shop::order>(json::to_value(expected)).value(), expected);
}

TEST(JsonStruct, MayContainItself) {
    const shop::tree tree{"root", {{"left", {}}, {"right", {{"leaf", {}}}}}};
    EXPECT_EQ(read<shop::tree>(json::to_text(tree)), tree);
    EXPECT_EQ(complaint<shop::tree>(R"({"name":"r","children":[{"name":"l","children":[{"name":1,"children":[]}]}]})"),
              "/children/0/children/0/name: expected a string, got a number");
}

/// `whole_order` with `what` replaced once.
std::string order_with(std::string_view what, std::string_view by) {
    std::string text = whole_order;
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), by);
}

TEST(JsonStruct, NamesTheBadField) {
    using row = std::array<std::string_view, 3>;
    for (const auto& [what, by, expected] : std::vector<row>{
             {R"("id": "o-1",)", "", "/id: is required, but missing"},
             {R"("id": "o-1",)", R"("id": null,)", "/id: expected a string, got null"},
             {R"("sku": "b")", R"("skU": "b")", "/items/1/sku: is required, but missing"},
             {R"("sku": "b")", R"("sku": [])", "/items/1/sku: expected a string, got an array"},
             {"9.5", R"("9.5")", "/items/0/price: expected a number, got a string"},
             {"\"count\": 2", "\"count\": 1e10", "/items/0/count: expected an integer from -2147483648 to 2147483647"},
             {R"({"sku": "a", "count": 2, "price": 9.5})", "7", "/items/0: expected an object, got a number"},
             {R"("green")", R"("blue")", "/labels/a~1b~0c: expected one of: red, green, delete_"},
             {"30000", "-0.5", "/timeout: expected an integer, got a number with a fraction"},
             {R"("colour of the sky")", R"("note":1, "x")", "/note: expected a string, got a number"},
         })
        EXPECT_EQ(complaint<shop::order>(order_with(what, by)), expected);
}

TEST(JsonStruct, RefusesUnknownMembersWhenAsked) {
    constexpr auto refused = json::unknown_members::refused;
    EXPECT_EQ(complaint<shop::order>(whole_order, refused), "/colour of the sky: is not a known member");
    EXPECT_EQ(complaint<std::vector<shop::item>>(R"([{"sku":"a","count":1},{"sku":"b","count":1,"prize":2}])", refused),
              "/1/prize: is not a known member");
    EXPECT_EQ(complaint<shop::nothing>(R"({"a":1})", refused), "/a: is not a known member");
    EXPECT_EQ(complaint<shop::nothing>("{}", refused), "");
}

TEST(JsonResult, ThrowsInvalidWithTheFailure) {
    const auto bad = json::parse<std::vector<int>>("[1,null]");
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error(), (failure{"/1", "expected an integer, got null"}));
    try {
        bad.value();
        FAIL() << "value() returned";
    } catch (const infra::error& e) {
        EXPECT_EQ(e.code(), infra::errc::invalid_input);
        EXPECT_STREQ(e.what(), "/1: expected an integer, got null");
        EXPECT_EQ(dynamic_cast<const json::invalid&>(e).why().path, "/1");
    }
}

TEST(JsonStruct, SurvivesEveryByteOfItsTextChanged) {
    const std::string text = whole_order;
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const char c : "{}[]\":,01ez-\xff"sv) {
            auto changed = text;
            changed[at] = c;
            if (const auto order = json::parse<shop::order>(changed))
                ASSERT_EQ(read<shop::order>(json::to_text(*order)), *order) << changed;
        }
    }
}

} // namespace
