#include "src/template/placeholder.hpp"

#include "tests/support.hpp"

#include <infra/email/error.hpp>

#include <gtest/gtest.h>

namespace infra::email {
namespace {

part literal(std::string text) { return {.text = std::move(text)}; }
part place(std::string name) { return {.text = "{{" + name + "}}", .name = name}; }

TEST(Placeholder, IsANameBetweenDoubleBraces) {
    EXPECT_EQ(find_places("Hi {{name}}!", "x"), (parts{literal("Hi "), place("name"), literal("!")}));
    EXPECT_EQ(find_places("{{a}}{{b_1}}", "x"), (parts{place("a"), place("b_1")}));
    EXPECT_EQ(find_places("{{user.name}}", "x"), (parts{place("user.name")}));
    EXPECT_EQ(find_places("{{ name }}", "x"), (parts{{.text = "{{ name }}", .name = "name"}}));
    EXPECT_EQ(find_places("", "x"), parts{});
}

TEST(Placeholder, LeavesWhatIsNoNameAlone) {
    for (const auto* text :
         {"{name}", "{{}}", "{{a b}}", "{{#list}}", "{{.a}}", "{{a..b}}", "{{a.}}", "} }} }", "{{a-b}}"})
        EXPECT_EQ(find_places(text, "x"), (parts{literal(text)})) << text;
    EXPECT_EQ(find_places("{{{a}}}", "x"), (parts{literal("{"), place("a"), literal("}")}));
    EXPECT_EQ(find_places("\\{{a}}", "x"), (parts{literal("{{a}}")}));
}

TEST(Placeholder, MustBeClosedOnItsLine) {
    for (const auto* text : {"one\n{{", "one\n{{name", "one\n{{name}", "one\n{{name\n}}"}) {
        const auto [code, sentence] = failure_of([&] { mark_places(text, "the template x", 5); });
        EXPECT_EQ(code, errc::bad_template) << text;
        EXPECT_EQ(sentence, "the template x, line 6: {{ is not closed; write }} after the name, or \\{{ for braces");
    }
}

TEST(Placeholder, IsNotConfusedByMarksInTheText) {
    for (const std::string text : {"\ue000", "\ue0000\ue001", "\ue000x\ue001", "\ue00099999999999999999999\ue001"}) {
        EXPECT_EQ(find_places(text + "{{a}}", "x"), (parts{literal(text), place("a")}));
        const auto whole = without_places(text + "{{a}}");
        EXPECT_EQ(unmark(whole.text, whole.marks), (parts{literal(text + "{{a}}")}));
        EXPECT_EQ(unmark(text, {}), (parts{literal(text)})); // as of a character reference
    }
}

TEST(Placeholder, FindsValuesByPath) {
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
    for (const auto* absent : {"null", "none", "s.x", "o.none", "o.in.deep.er", "constructor"})
        EXPECT_EQ(value_of(data, absent), std::nullopt) << absent;
}

} // namespace
} // namespace infra::email
