#include <infra/base/field.hpp>

#include <infra/base/json.hpp>

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra {
namespace {

using kind = field_value::kind;
using namespace std::chrono_literals;

enum class colour { red, green };
BOOST_DESCRIBE_ENUM(colour, red, green)

struct point {
    int x = 0;
    std::optional<int> y{};
};
BOOST_DESCRIBE_STRUCT(point, (), (x, y))

TEST(Field, KnowsTheKindOfWhatItIsGiven) {
    const std::string text = "text";
    const char* missing = nullptr;
    const boost::json::value json{1, 2};
    const std::runtime_error thrown("boom");
    const auto code = make_error_code(boost::system::errc::timed_out);
    EXPECT_EQ(field_value(nullptr).type(), kind::null);
    EXPECT_EQ(field_value(missing).type(), kind::null);
    EXPECT_EQ(field_value(true).type(), kind::boolean);
    EXPECT_EQ(field_value(-1).type(), kind::signed_integer);
    EXPECT_EQ(field_value(text.size()).type(), kind::unsigned_integer);
    EXPECT_EQ(field_value(0.5F).type(), kind::floating);
    EXPECT_EQ(field_value(text).type(), kind::text);
    EXPECT_EQ(field_value(json).type(), kind::json);
    EXPECT_EQ(field_value(12ms).type(), kind::duration);
    EXPECT_EQ(field_value(wall_time()).type(), kind::time);
    EXPECT_EQ(field_value(thrown).type(), kind::exception);
    EXPECT_EQ(field_value(code).type(), kind::error_code);
}

TEST(Field, ReadsACharacterAsText) {
    const char c = 'c';
    EXPECT_EQ(field_value(c).text(), "c");
}

TEST(Field, EndsATimeWhereWallTimeEnds) {
    const std::chrono::sys_days late = std::chrono::year(9999) / 12 / 31;
    EXPECT_EQ(field_value(late).time(), wall_time::max());
    EXPECT_EQ(field_value(std::chrono::sys_days(std::chrono::year(1600) / 1 / 1)).time(), wall_time::min());
}

TEST(Field, OpensAnOptional) {
    const std::optional<int> none, three = 3;
    EXPECT_EQ(field_value(none).type(), kind::null);
    EXPECT_EQ(field_value(three).signed_integer(), 3);
}

TEST(Field, MakesJsonOfDescribedTypesAndContainers) {
    const point p{.x = 1};
    const auto c = colour::green;
    const std::vector<int> list{1, 2};
    const std::map<std::string, int> map{{"a", 1}};
    const json::object object{{"k", "v"}};
    EXPECT_EQ(field_value(p).to_json(), (json::value{{"x", 1}}));
    EXPECT_EQ(field_value(c).to_json(), "green");
    EXPECT_EQ(field_value(list).to_json(), (json::value{1, 2}));
    EXPECT_EQ(field_value(map).to_json(), (json::value{{"a", 1}}));
    EXPECT_EQ(field_value(object).to_json(), json::value(object));
}

/// Shown as a length, never as what it is.
struct hidden {
    std::string text{};
    operator field_value() const noexcept { return text.size(); }
};
struct door {
    int number = 0;
    hidden code{};
    std::optional<hidden> spare{};
    std::vector<hidden> old{};
};
BOOST_DESCRIBE_STRUCT(door, (), (number, code, spare, old))
struct house {
    std::vector<door> doors{};
    std::map<std::string, hidden> keys{};
    std::pair<int, hidden> safe{};
};
BOOST_DESCRIBE_STRUCT(house, (), (doors, keys, safe))

TEST(Field, ShowsMembersThatOnlyConvertToAFieldAtAnyDepth) {
    const door front{.number = 1, .code = {"1234"}, .old = {{"0"}, {"00"}}};
    const house all{.doors = {front}, .keys = {{"cellar", {"abc"}}}, .safe = {7, {"12"}}};
    EXPECT_EQ(field_value(front).to_json(), (json::value{{"number", 1}, {"code", 4U}, {"old", json::array{1U, 2U}}}));
    EXPECT_EQ(field_value(all).to_json().at("doors").at(0).at("code"), 4U);
    EXPECT_EQ(field_value(all).to_json().at("keys").at("cellar"), 3U);
    EXPECT_EQ(field_value(all).to_json().at("safe"), (json::value{7, 2U}));
}

TEST(Field, IsShownAsJsonOfEachKind) {
    const json::value object{{"k", "v"}};
    const std::runtime_error thrown("it broke");
    const auto ec = make_error_code(boost::system::errc::no_space_on_device);
    const point p{.x = 1};
    const std::pair<field_value, json::value> table[] = {
        {{}, nullptr},
        {true, true},
        {-1, -1},
        {2U, 2U},
        {0.5, 0.5},
        {std::nan(""), nullptr},
        {"text", "text"},
        {object, object},
        {std::chrono::microseconds(1500), 1.5},
        {std::chrono::sys_seconds(), "1970-01-01T00:00:00.000Z"},
        {thrown, "it broke"},
        {ec, boost::json::string(ec.message())},
        {p, {{"x", 1}}},
    };
    for (const auto& [from, expected] : table)
        EXPECT_EQ(json::detail::from_field(from), expected) << static_cast<int>(from.type());
}

std::size_t count(fields f) {
    std::vector<field> storage;
    return f.view(storage).size();
}

TEST(Fields, AreABracedListAKeptListOrAnObject) {
    const std::vector<field> kept{{"a", 1}, {"b", 2}, {"c", 3}};
    const json::object object{{"x", 1}, {"y", "z"}};
    EXPECT_EQ(count({}), 0U);
    EXPECT_EQ(count({{"a", "b"}}), 1U); // not the string made of two pointers
    EXPECT_EQ(count({{"a", "b"}, {"c", "d"}}), 2U);
    EXPECT_EQ(count(std::span(kept)), 3U);
    EXPECT_EQ(count(object), 2U);
}

static_assert(!std::is_constructible_v<field_value, int*>, "a pointer would be written as true");
static_assert(!std::is_constructible_v<field_value, const void*>);

} // namespace
} // namespace infra
