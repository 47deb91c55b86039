#include "src/template/placeholder.hpp"

#include "tests/support.hpp"

#include <infra/email/error.hpp>

#include <gtest/gtest.h>

namespace infra::email {
namespace {

part literal(std::string text) { return {.text = std::move(text)}; }
part place(std::string name) { return {.text = "{{" + name + "}}", .name = name, .kind = tag_kind::value}; }

TEST(Placeholder, IsANameBetweenDoubleBraces) {
    EXPECT_EQ(find_places("Hi {{name}}!", "x"), (parts{literal("Hi "), place("name"), literal("!")}));
    EXPECT_EQ(find_places("{{a}}{{b_1}}", "x"), (parts{place("a"), place("b_1")}));
    EXPECT_EQ(find_places("{{user.name}}", "x"), (parts{place("user.name")}));
    EXPECT_EQ(find_places("{{ name }}", "x"), (parts{{.text = "{{ name }}", .name = "name", .kind = tag_kind::value}}));
    EXPECT_EQ(find_places("", "x"), parts{});
}

TEST(Placeholder, LeavesWhatIsNoNameAlone) {
    for (const auto* text :
         {"{name}", "{{}}", "{{a b}}", "{{#a list}}", "{{.a}}", "{{a..b}}", "{{a.}}", "} }} }", "{{a-b}}"})
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

TEST(Placeholder, ReadsTheTagsOfSections) {
    const auto tag = [](const char* text, const char* name, tag_kind kind) { return part{text, name, kind}; };
    EXPECT_EQ(find_places("{{#a}}{{.}}{{/a}}{{^b.c}}x{{/b.c}}{{! no }}", "x"),
              (parts{tag("{{#a}}", "a", tag_kind::section), place("."), tag("{{/a}}", "a", tag_kind::end),
                     tag("{{^b.c}}", "b.c", tag_kind::inverted), literal("x"), tag("{{/b.c}}", "b.c", tag_kind::end)}));
    EXPECT_EQ(find_places("{{#if x}} {{/a}} {{> p}} {{#a-b}}", "x"),
              (parts{literal("{{#if x}} {{/a}} {{> p}} {{#a-b}}")}));
    EXPECT_EQ(mark_plain("{{#if x}} {{/a}}", "x").unknown, (std::vector<std::string>{"{{#if x}}", "{{/a}}"}));
}

TEST(Placeholder, LeavesNothingOfTagsThatHaveALineToThemselves) {
    const auto marked = mark_places("a\n> {{#b}}\n> c\n  {{/b}} {{! d }} \ne\n{{^b}}\n{{/b}}", "x", 7);
    EXPECT_EQ(marked.text, "a\n> \n> c\n  \ne\n\n\n");
    ASSERT_EQ(marked.blocks.size(), 2u);
    const auto& [opening, begin, end, line] = marked.blocks[0];
    EXPECT_EQ(opening.name, "b");
    EXPECT_EQ(opening.kind, tag_kind::section);
    EXPECT_EQ(begin, 3u);
    EXPECT_EQ(end, 5u);
    EXPECT_EQ(line, 8u);
    EXPECT_EQ(marked.blocks[1].opening.kind, tag_kind::inverted);
}

TEST(Placeholder, KeepsListsAndTablesTogether) {
    EXPECT_EQ(mark_places("- a\n{{#b}}\n- c\n{{/b}}\n- d\n{{#b}}\ne\n{{/b}}", "x").text, "- a\n- c\n- d\n\ne\n\n");
    EXPECT_EQ(mark_places("a|b\n-|-\n{{#b}}\nc|d\n{{/b}}\n{{#b}}\ne|f\n{{/b}}\ng", "x").text,
              "a|b\n-|-\nc|d\ne|f\n\ng");
    EXPECT_EQ(mark_places("a|b\n{{#b}}\nc|d\n{{/b}}", "x").text, "a|b\n\nc|d\n\n") << "not a table";
}

} // namespace
} // namespace infra::email
