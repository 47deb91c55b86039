#include "src/template/scope.hpp"

#include "tests/support.hpp"

#include <infra/email/error.hpp>

#include <gtest/gtest.h>

namespace infra::email {
namespace {

struct ScopeTest : ::testing::Test {
    rendering seen;
    std::string room;
    std::optional<std::string> value_of(const json::object& data, std::string_view name) {
        const auto found = scope(data, seen).text(name, room);
        return found ? std::optional<std::string>(*found) : std::nullopt;
    }
    int times(const json::value& v, bool inverted = false) {
        const json::object data{{"v", v}};
        int counted = 0;
        scope(data, seen).each("v", inverted, [&](const scope&) { ++counted; });
        return counted;
    }
};

TEST_F(ScopeTest, FindsValuesByPath) {
    const json::object data{{"s", "text"},  {"n", 42}, {"b", true}, {"null", nullptr}, {"o", {{"in", {{"deep", "x"}}}}},
                            {"bad", "\xff"}};
    EXPECT_EQ(value_of(data, "s"), "text");
    EXPECT_EQ(value_of(data, "n"), "42");
    EXPECT_EQ(value_of({{"d", 9.99}}, "d"), "9.99");
    EXPECT_EQ(value_of({{"d", 5.0}}, "d"), "5");
    EXPECT_EQ(value_of({{"d", -1234567.25}}, "d"), "-1234567.25");
    EXPECT_EQ(value_of(data, "b"), "true");
    EXPECT_EQ(value_of(data, "o.in.deep"), "x");
    EXPECT_EQ(value_of(data, "o.in"), "{\"deep\":\"x\"}");
    EXPECT_EQ(value_of(data, "bad"), "\xef\xbf\xbd");
    for (const auto* absent : {"null", "none", "s.x", "o.none", "o.in.deep.er", "constructor", "."})
        EXPECT_EQ(value_of(data, absent), std::nullopt) << absent;
    EXPECT_EQ(seen.missing.joined(), "null, none, s.x, o.none, o.in.deep.er, constructor, .");
}

TEST_F(ScopeTest, HoldsTrueWhatMustacheDoes) {
    for (const json::value& falsy : {json::value(nullptr), json::value(false), json::value(0), json::value(0u),
                                     json::value(0.0), json::value(""), json::value(json::array{})}) {
        EXPECT_EQ(times(falsy), 0) << json::to_text(falsy);
        EXPECT_EQ(times(falsy, true), 1) << json::to_text(falsy);
    }
    for (const json::value& truthy :
         {json::value(true), json::value(-1), json::value(1u), json::value(0.5), json::value("0"),
          json::value(json::object{}), json::value(json::array{nullptr})}) {
        EXPECT_EQ(times(truthy), 1) << json::to_text(truthy);
        EXPECT_EQ(times(truthy, true), 0) << json::to_text(truthy);
    }
    EXPECT_EQ(times(json::array{1, 2, false}), 3);
}

TEST_F(ScopeTest, RepeatsNothingWithoutEnd) {
    const json::object data{{"list", json::array(1000, true)}};
    const scope root(data, seen);
    const auto [code, sentence] = failure_of(
        [&] { root.each("list", false, [](const scope& outer) { outer.each("list", false, [](const scope&) {}); }); });
    EXPECT_EQ(code, errc::too_large);
    EXPECT_EQ(sentence, "the data repeat the template's sections over a million times; give it shorter lists");
}

TEST_F(ScopeTest, LooksFromTheInnermostOutwards) {
    const json::object data{{"a", 1}, {"b", {{"x", 1}}}};
    const json::value middle{{"a", 2}, {"b", nullptr}}, inner = "text";
    const scope root(data, seen), second(root, middle), third(second, inner);
    EXPECT_EQ(third.text("a", room), "2");
    EXPECT_EQ(third.text(".", room), "text");
    EXPECT_EQ(root.text("b.x", room), "1");
    EXPECT_EQ(third.find("b.x"), nullptr) << "the first to know b decides";
}

} // namespace
} // namespace infra::email
