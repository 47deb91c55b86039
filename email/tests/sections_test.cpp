#include <infra/email/template.hpp>

#include "tests/support.hpp"

#include <infra/email/error.hpp>

#include <gtest/gtest.h>

#include <regex>

namespace infra::email {
namespace {

/// The content of the built-in layout, without the inline styles.
std::string structure(const std::string& html) {
    const std::string before = "font-size:16px\">\n", after = "</td></tr>\n</table>\n</td></tr>";
    const auto begin = html.find(before) + before.size();
    const auto content = html.substr(begin, html.find(after, begin) - begin);
    return std::regex_replace(content, std::regex(" style=\"[^\"]*\""), "");
}

rendered_email made(const std::string& markdown, const json::object& data) {
    return render_template(parse_template(markdown), data, {.strict = true});
}
std::string html_of(const std::string& markdown, const json::object& data) {
    return structure(made(markdown, data).html);
}
std::string text_of(const std::string& markdown, const json::object& data) { return made(markdown, data).text; }

const json::object shop{{"items", {{{"name", "Tea"}, {"price", 3}}, {{"name", "<Cup>"}, {"price", 9.5}}}},
                        {"none", json::array{}},
                        {"words", {"a", "b", "c"}},
                        {"yes", true},
                        {"no", false},
                        {"user", {{"name", "Ann"}, {"vip", true}}},
                        {"total", 12.5}};

struct example {
    const char* why;
    std::string markdown, html, text;
};

void expect(const example& e) {
    EXPECT_EQ(html_of(e.markdown, shop), e.html) << e.why;
    EXPECT_EQ(text_of(e.markdown, shop), e.text) << e.why;
}

TEST(Sections, StandWithinAParagraph) {
    const example table[] = {
        {"true", "a{{#yes}} b{{/yes}}", "<p>a b</p>\n", "a b\n"},
        {"false", "a{{#no}} b{{/no}}", "<p>a</p>\n", "a\n"},
        {"inverted", "a{{^no}} b{{/no}}{{^yes}} c{{/yes}}", "<p>a b</p>\n", "a b\n"},
        {"for each", "{{#words}}{{.}},{{/words}}", "<p>a,b,c,</p>\n", "a,b,c,\n"},
        {"in emphasis", "**{{#words}}{{.}}{{/words}}** x", "<p><strong>abc</strong> x</p>\n", "abc x\n"},
        {"around emphasis", "{{#words}}*{{.}}* {{/words}}x", "<p><em>a</em> <em>b</em> <em>c</em> x</p>\n",
         "a b c x\n"},
        {"in code", "`{{#words}}{{.}}<{{/words}}`", "<p><code>a&lt;b&lt;c&lt;</code></p>\n", "a<b<c<\n"},
        {"in a link", "[{{#yes}}x{{/yes}}](https://x.org)", "<p><a href=\"https://x.org\">x</a></p>\n",
         "x (https://x.org)\n"},
        {"around a link", "{{#items}}[{{name}}](https://x.org/{{name}}) {{/items}}",
         "<p><a href=\"https://x.org/Tea\">Tea</a> <a href=\"https://x.org/%3CCup%3E\">&lt;Cup&gt;</a> </p>\n",
         "Tea (https://x.org/Tea) <Cup> (https://x.org/%3CCup%3E) \n"},
        {"over lines", "a {{#yes}}b\nc{{/yes}}\nd", "<p>a b\nc\nd</p>\n", "a b\nc\nd\n"},
        {"in alternative text", "![{{#words}}{{.}}{{/words}}](https://x.org/i.png)",
         "<p><img src=\"https://x.org/i.png\" alt=\"abc\"></p>\n", "abc\n"},
        {"comments", "a{{! not {for} them }}b", "<p>ab</p>\n", "ab\n"},
        {"spaces", "{{# yes }}a{{/ yes }}", "<p>a</p>\n", "a\n"},
    };
    for (const auto& each : table)
        expect(each);
}

TEST(Sections, LeaveNoEmptyElements) {
    const example table[] = {
        {"paragraph", "a\n\n{{#no}}b{{/no}}\n\nc", "<p>a</p>\n<p>c</p>\n", "a\n\nc\n"},
        {"heading", "# {{#no}}b{{/no}}\n\nc", "<p>c</p>\n", "c\n"},
        {"item", "- a\n- {{#no}}b{{/no}}\n- c", "<ul>\n<li>a</li>\n<li>c</li>\n</ul>\n", "- a\n- c\n"},
        {"list", "a\n\n- {{#no}}b{{/no}}\n\nc", "<p>a</p>\n<p>c</p>\n", "a\n\nc\n"},
        {"quotation", "> {{#no}}b{{/no}}\n\nc", "<p>c</p>\n", "c\n"},
    };
    for (const auto& each : table)
        expect(each);
    EXPECT_EQ(html_of("{{#yes}}{{v}}{{/yes}}\n\n- {{v}}", {{"yes", 1}, {"v", ""}}), "<p></p>\n<ul>\n<li></li>\n</ul>\n")
        << "but a value decides over no element";
}

TEST(Sections, StandAroundWholeBlocks) {
    const example table[] = {
        {"paragraphs", "a\n\n{{#yes}}\nb\n\nc\n{{/yes}}\n\nd", "<p>a</p>\n<p>b</p>\n<p>c</p>\n<p>d</p>\n",
         "a\n\nb\n\nc\n\nd\n"},
        {"which are false", "a\n\n{{#no}}\nb\n\nc\n{{/no}}\n\nd", "<p>a</p>\n<p>d</p>\n", "a\n\nd\n"},
        {"without blank lines", "a\n{{#yes}}\nb\n{{/yes}}\n{{^yes}}\nc\n{{/yes}}\nd", "<p>a</p>\n<p>b</p>\n<p>d</p>\n",
         "a\n\nb\n\nd\n"},
        {"at the beginning", "{{#words}}\n{{.}}\n{{/words}}", "<p>a</p>\n<p>b</p>\n<p>c</p>\n", "a\n\nb\n\nc\n"},
        {"headings", "{{#words}}\n# {{.}}\n{{/words}}\nx", "<h1>a</h1>\n<h1>b</h1>\n<h1>c</h1>\n<p>x</p>\n",
         "a\n\nb\n\nc\n\nx\n"},
        {"two on a line", "{{#no}}\na\n{{/no}}{{^no}}\nb\n{{/no}}", "<p>b</p>\n", "b\n"},
        {"with nothing in them", "a\n{{#yes}}\n{{/yes}}\nb", "<p>a</p>\n<p>b</p>\n", "a\n\nb\n"},
        {"in each other", "{{#items}}\n{{name}}\n{{#words}}\n> {{name}} {{.}}\n{{/words}}\n{{/items}}",
         "<p>Tea</p>\n<blockquote>\n<p>Tea a</p>\n</blockquote>\n<blockquote>\n<p>Tea b</p>\n</blockquote>\n"
         "<blockquote>\n<p>Tea c</p>\n</blockquote>\n<p>&lt;Cup&gt;</p>\n<blockquote>\n<p>&lt;Cup&gt; a</p>\n"
         "</blockquote>\n<blockquote>\n<p>&lt;Cup&gt; b</p>\n</blockquote>\n<blockquote>\n<p>&lt;Cup&gt; c</p>\n"
         "</blockquote>\n",
         "Tea\n\n> Tea a\n\n> Tea b\n\n> Tea c\n\n<Cup>\n\n> <Cup> a\n\n> <Cup> b\n\n> <Cup> c\n"},
        {"in a quotation", "> a\n> {{#yes}}\n> b\n> {{/yes}}\n\nc",
         "<blockquote>\n<p>a</p>\n<p>b</p>\n</blockquote>\n<p>c</p>\n", "> a\n>\n> b\n\nc\n"},
        {"around code", "{{#no}}\n```\nx\n```\n{{/no}}\na", "<p>a</p>\n", "a\n"},
        {"around a rule", "a\n{{#words}}\n***\n{{/words}}", "<p>a</p>\n<hr>\n<hr>\n<hr>\n",
         "a\n\n----\n\n----\n\n----\n"},
        {"around a table", "{{#no}}\n|a|\n|-|\n|1|\n{{/no}}\nb", "<p>b</p>\n", "b\n"},
        {"with comments", "a\n{{! about b }}\nb", "<p>a</p>\n<p>b</p>\n", "a\n\nb\n"},
        {"above what would underline it", "a\n{{#yes}}\n-\n{{/yes}}", "<p>a</p>\n<ul>\n<li></li>\n</ul>\n", "a\n"},
        {"of Windows", "a\r\n\r\n{{#yes}}\r\nb\r\n{{/yes}}\r\nc", "<p>a</p>\n<p>b</p>\n<p>c</p>\n", "a\n\nb\n\nc\n"},
    };
    for (const auto& each : table)
        expect(each);
}

TEST(Sections, RepeatItemsOfOneList) {
    const example table[] = {
        {"alone", "{{#words}}\n- {{.}}\n{{/words}}", "<ul>\n<li>a</li>\n<li>b</li>\n<li>c</li>\n</ul>\n",
         "- a\n- b\n- c\n"},
        {"between others", "- x\n{{#words}}\n- {{.}}\n{{/words}}\n- y",
         "<ul>\n<li>x</li>\n<li>a</li>\n<li>b</li>\n<li>c</li>\n<li>y</li>\n</ul>\n", "- x\n- a\n- b\n- c\n- y\n"},
        {"behind words", "Those:\n{{#words}}\n- {{.}}\n{{/words}}\nEnd.",
         "<p>Those:</p>\n<ul>\n<li>a</li>\n<li>b</li>\n<li>c</li>\n</ul>\n<p>End.</p>\n",
         "Those:\n\n- a\n- b\n- c\n\nEnd.\n"},
        {"with numbers", "1. x\n{{#words}}\n2. {{.}}\n{{/words}}\n3. y",
         "<ol>\n<li>x</li>\n<li>a</li>\n<li>b</li>\n<li>c</li>\n<li>y</li>\n</ol>\n", "1. x\n2. a\n3. b\n4. c\n5. y\n"},
        {"of nothing", "x\n{{#none}}\n- {{.}}\n{{/none}}\ny", "<p>x</p>\n<p>y</p>\n", "x\n\ny\n"},
        {"one way or the other", "{{#none}}\n- {{.}}\n{{/none}}\n{{^none}}\n- no\n{{/none}}",
         "<ul>\n<li>no</li>\n</ul>\n", "- no\n"},
        {"in an item", "- x\n  {{#words}}\n  - {{.}}\n  {{/words}}\n- y",
         "<ul>\n<li>x\n<ul>\n<li>a</li>\n<li>b</li>\n<li>c</li>\n</ul>\n</li>\n<li>y</li>\n</ul>\n",
         "- x\n  - a\n  - b\n  - c\n- y\n"},
    };
    for (const auto& each : table)
        expect(each);
}

TEST(Sections, RepeatRowsOfATable) {
    const std::string head = "|Item|Price|\n|-|-|\n";
    const std::string above = "<table>\n<tr>\n<th>Item</th>\n<th>Price</th>\n</tr>\n";
    const std::string rows = "<tr>\n<td>Tea</td>\n<td>3</td>\n</tr>\n<tr>\n<td>&lt;Cup&gt;</td>\n<td>9.5</td>\n</tr>\n";
    const example table[] = {
        {"at its end", head + "{{#items}}\n|{{name}}|{{price}}|\n{{/items}}", above + rows + "</table>\n",
         "Item | Price\nTea | 3\n<Cup> | 9.5\n"},
        {"before others", head + "{{#items}}\n|{{name}}|{{price}}|\n{{/items}}\n|Total|{{total}}|\n\nx",
         above + rows + "<tr>\n<td>Total</td>\n<td>12.5</td>\n</tr>\n</table>\n<p>x</p>\n",
         "Item | Price\nTea | 3\n<Cup> | 9.5\nTotal | 12.5\n\nx\n"},
        {"of nothing", "a\n" + head + "{{#none}}\n|{{name}}|{{price}}|\n{{/none}}\nx",
         "<p>a</p>\n" + above + "</table>\n<p>x</p>\n", "a\n\nItem | Price\n\nx\n"},
        {"in a cell", head + "|x|{{#items}}{{price}}; {{/items}}|",
         above + "<tr>\n<td>x</td>\n<td>3; 9.5; </td>\n</tr>\n</table>\n", "Item | Price\nx | 3; 9.5; \n"},
    };
    for (const auto& each : table)
        expect(each);
}

TEST(Sections, StandInSubjectAndPreheader) {
    const auto r = made("---\nsubject: Order{{#yes}} for {{user.name}}{{/yes}}{{#no}}!{{/no}}\n"
                        "preheader: {{#words}}{{.}} {{/words}}\n---\nx",
                        shop);
    EXPECT_EQ(r.subject, "Order for Ann");
    EXPECT_EQ(r.preheader, "a b c ");
}

TEST(Sections, LookUpNamesInTheElementFirst) {
    const json::object data{{"name", "outer"}, {"other", "o"}, {"list", {{{"name", "inner"}}, json::object{}, 7}}};
    EXPECT_EQ(text_of("{{#list}}{{name}}/{{other}} {{/list}}{{name}}", data), "inner/o outer/o outer/o outer\n");
    EXPECT_EQ(text_of("{{#user}}{{name}}{{#vip}}!{{/vip}}{{/user}}", shop), "Ann!\n");
    EXPECT_EQ(text_of("{{#user.vip}}{{user.name}}{{/user.vip}}", shop), "Ann\n");
}

TEST(Sections, TellWhatIsMissingWhereTheyStand) {
    const auto missing = [](const std::string& markdown) {
        const auto [code, sentence] = failure_of([&] { made(markdown, shop); });
        EXPECT_EQ(code, errc::missing_variable);
        return sentence;
    };
    EXPECT_EQ(missing("{{#items}}{{size}}{{/items}} {{a}}"), "the template template: no value for size, a");
    EXPECT_EQ(missing("{{#itmes}}x{{/itmes}}{{^yse}}y{{/yse}}"), "the template template: no value for itmes, yse");
    EXPECT_NO_THROW(made("{{#no}}{{size}}{{/no}}{{#none}}{{size}}{{/none}}", shop)) << "nobody would see it";
    EXPECT_NO_THROW(made("{{#x}}{{size}}{{/x}}", {{"x", nullptr}}));
    EXPECT_EQ(render_template(parse_template("{{#itmes}}x{{/itmes}}y"), shop).text, "y\n");
}

TEST(Sections, KeepAnEndThatEndsNothing) {
    EXPECT_EQ(render_template(parse_template("a {{/if}}\n{{/if}}"), shop).text, "a {{/if}}\n{{/if}}\n");
    EXPECT_EQ(render_template(parse_template("{{#yes}}{{/yes}}{{/yes}}"), shop).text, "{{/yes}}\n");
    EXPECT_EQ(text_of("\\{{#yes}} \\{{/yes}}", shop), "{{#yes}} {{/yes}}\n");
}

TEST(Sections, AreRefusedByHalves) {
    struct refusal {
        std::string markdown, sentence;
    };
    const std::string t = "the template w";
    const auto half = [&](const std::string& name) {
        return t + ": the section " + name +
               " must begin and end within the same paragraph, and within the same emphasis, link or code; for whole "
               "paragraphs give each of its tags a line of its own";
    };
    const std::string mixed = " must both have a line to themselves, or both be within one paragraph";
    const std::string blocks = " must begin and end between paragraphs, items of one list or rows of one table";
    const std::string values = t + ": a section stands where only values may: in a link's target or title, a code "
                                   "block's language, a table's superfluous cell or HTML";
    const refusal table[] = {
        {"---\nsubject: x\n---\n\na {{#b}}", t + ", line 5: the section b is not closed; write {{/b}}"},
        {"a\n{{#b}}\nc", t + ", line 2: the section b is not closed; write {{/b}}"},
        {"---\nsubject: {{#b}}\n---\nx", t + ", line 1: the section b is not closed; write {{/b}}"},
        {"{{#a}}{{#b}}{{/a}}{{/b}}", t + ", line 1: {{/a}} closes a section before {{/b}} closes the one in it"},
        {"{{#a}}\n{{#b}}\n{{/a}}\n{{/b}}", t + ", line 3: {{/a}} closes a section before {{/b}} closes the one in it"},
        {"{{#a}}\nx {{/a}}", t + ", line 1: the tags of the section a" + mixed},
        {"x {{#a}}\n{{/a}}", t + ", line 1: the tags of the section a" + mixed},
        {"**{{#a}}x**{{/a}}", half("a")},
        {"{{#a}}**x{{/a}}**", half("a")},
        {"[{{#a}}x](https://x.org){{/a}}", half("a")},
        {"`{{#a}}x`{{/a}}", half("a")},
        {"x {{#a}}y\n\nz {{/a}}", half("a")},
        {"- x {{#a}}\n- y {{/a}}", half("a")},
        {"|{{#a}}x|{{/a}}y|\n|-|-|", half("a")},
        {"- a\n{{#b}}\n- c\n\nd\n{{/b}}", t + ", line 2: the section b" + blocks},
        {"{{#b}}\n|a|\n|-|\n{{/b}}\n|c|", t + ", line 1: the section b" + blocks},
        {"```\n{{#b}}\nx\n{{/b}}\n```", t + ", line 2: the section b" + blocks},
        {"[x](https://x.org/{{#a}}y{{/a}})", values},
        {"[x](https://x.org '{{#a}}y{{/a}}')", values},
        {"a <b c='{{#a}}{{/a}}'>", values},
        {"|a|\n|-|\n|b|{{#a}}c{{/a}}|", values},
    };
    for (const auto& [markdown, sentence] : table) {
        const auto [code, told] = failure_of([&] { parse_template(markdown, "w"); });
        EXPECT_EQ(code, errc::bad_template) << markdown;
        EXPECT_EQ(told, sentence) << markdown;
    }
}

TEST(Sections, AreBounded) {
    std::string open, close, many;
    for (int i = 0; i < 51; ++i)
        open += "{{#a}}", close += "{{/a}}";
    EXPECT_EQ(failure_of([&] { parse_template(open + close); }).sentence,
              "the template template, line 1: over 50 sections inside each other");
    for (int i = 0; i < 1001; ++i)
        many += "{{#a}}\nx\n{{/a}}\n";
    EXPECT_EQ(failure_of([&] { parse_template(many); }).sentence,
              "the template template, line 3001: over 1000 sections");
}

TEST(Sections, AreWhatWasParsedUntilSomebodyChangesIt) {
    auto t = parse_template("---\nsubject: {{a}}\n---\n{{a}}");
    const auto parsed = t.compiled;
    EXPECT_EQ(render_template(t, {{"a", "x"}}).text, "x\n");
    t.body = "**{{a}}**!";
    t.subject = "S";
    EXPECT_EQ(render_template(t, {{"a", "x"}}).text, "x!\n");
    EXPECT_EQ(render_template(t, {{"a", "x"}}).subject, "S");
    EXPECT_EQ(t.compiled, parsed);
    EXPECT_EQ(render_template({.body = "by hand {{a}}"}, {{"a", "x"}}).text, "by hand x\n");
}

} // namespace
} // namespace infra::email
