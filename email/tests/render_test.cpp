#include <infra/email/template.hpp>

#include "src/template/document.hpp"
#include "src/template/template_text.hpp"
#include "tests/support.hpp"

#include <infra/email/error.hpp>

#include <boost/describe/class.hpp>

#include <gtest/gtest.h>

#include <regex>

namespace infra::email {
namespace {

struct customer {
    std::string name;
    int orders = 0;
};
BOOST_DESCRIBE_STRUCT(customer, (), (name, orders))

/// The content of the built-in layout, without the inline styles.
std::string structure(const std::string& html) {
    const std::string before = "font-size:16px\">\n", after = "</td></tr>\n</table>\n</td></tr>";
    const auto begin = html.find(before) + before.size();
    const auto content = html.substr(begin, html.find(after) - begin);
    return std::regex_replace(content, std::regex(" style=\"[^\"]*\""), "");
}

std::string html_of(const std::string& markdown, const json::object& data = {}) {
    return structure(render_template(parse_template(markdown), data).html);
}
std::string text_of(const std::string& markdown, const json::object& data = {}) {
    return render_template(parse_template(markdown), data).text;
}

struct example {
    std::string markdown, html, text;
};

TEST(Render, WritesEveryConstructForBothReaders) {
    const example table[] = {
        {"Hello", "<p>Hello</p>\n", "Hello\n"},
        {"one\ntwo  \nthree", "<p>one\ntwo<br>\nthree</p>\n", "one\ntwo\nthree\n"},
        {"one\n\ntwo", "<p>one</p>\n<p>two</p>\n", "one\n\ntwo\n"},
        {"# Big\n\n###### Small", "<h1>Big</h1>\n<h6>Small</h6>\n", "Big\n\nSmall\n"},
        {"*a* **b** `c<d>`", "<p><em>a</em> <strong>b</strong> <code>c&lt;d&gt;</code></p>\n", "a b c<d>\n"},
        {"[Click](https://x.org \"T\")", "<p><a href=\"https://x.org\" title=\"T\">Click</a></p>\n",
         "Click (https://x.org)\n"},
        {"<https://x.org> <a@x.org>",
         "<p><a href=\"https://x.org\">https://x.org</a> <a href=\"mailto:a@x.org\">a@x.org</a></p>\n",
         "https://x.org a@x.org\n"},
        {"![alt *x*](https://x.org/i.png)", "<p><img src=\"https://x.org/i.png\" alt=\"alt x\"></p>\n", "alt x\n"},
        {"- a\n- b\n  - c\n\nafter", "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n<p>after</p>\n",
         "- a\n- b\n  - c\n\nafter\n"},
        {"3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n", "3. a\n4. b\n"},
        {"> a\n>\n> b\n\nc", "<blockquote>\n<p>a</p>\n<p>b</p>\n</blockquote>\n<p>c</p>\n", "> a\n>\n> b\n\nc\n"},
        {"a\n\n> b", "<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n", "a\n\n> b\n"},
        {"    code\n    <x>", "<pre><code>code\n&lt;x&gt;\n</code></pre>\n", "    code\n    <x>\n"},
        {"a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>\n", "a\n\n----\n\nb\n"},
        {"|a|b|\n|-|-:|\n|1|2|",
         "<table>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</table>\n",
         "a | b\n1 | 2\n"},
    };
    for (const auto& [markdown, html, text] : table) {
        EXPECT_EQ(html_of(markdown), html) << markdown;
        EXPECT_EQ(text_of(markdown), text) << markdown;
    }
}

TEST(Render, LeavesOutRawHtmlAndBadTargets) {
    EXPECT_EQ(html_of("a <b onclick=x>c</b>"), "<p>a c</p>\n");
    EXPECT_EQ(html_of("<script>\nalert(1)\n</script>\n\nx"), "<p>x</p>\n");
    EXPECT_EQ(html_of("[x](javascript:alert(1))"), "<p><a href=\"\">x</a></p>\n");
    EXPECT_EQ(text_of("[x](javascript:alert(1))"), "x\n");
    EXPECT_EQ(html_of("![x](data:text/html,y)"), "<p><img src=\"\" alt=\"x\"></p>\n");
}

TEST(Render, PutsValuesInAsText) {
    const json::object data{{"v", "<b>*x*</b> [y](z) & \"q\" 'r'"}};
    const std::string safe = "&lt;b&gt;*x*&lt;/b&gt; [y](z) &amp; &quot;q&quot; &#39;r&#39;";
    EXPECT_EQ(html_of("**{{v}}**", data), "<p><strong>" + safe + "</strong></p>\n");
    EXPECT_EQ(html_of("`{{v}}`", data), "<p><code>" + safe + "</code></p>\n");
    EXPECT_EQ(html_of("![{{v}}](https://x.org)", data), "<p><img src=\"https://x.org\" alt=\"" + safe + "\"></p>\n");
    EXPECT_EQ(html_of("[a](https://x.org '{{v}}')", data),
              "<p><a href=\"https://x.org\" title=\"" + safe + "\">a</a></p>\n");
    EXPECT_EQ(text_of("{{v}}", data), "<b>*x*</b> [y](z) & \"q\" 'r'\n");
}

TEST(Render, GetsPlacesThroughMarkdownUnharmed) {
    EXPECT_EQ(html_of("{{_p_}} {{first_name}} {{ spaced }}", {{"_p_", "1"}, {"first_name", "2"}, {"spaced", "3"}}),
              "<p>1 2 3</p>\n");
    EXPECT_EQ(html_of("[x](https://x.org/{{ id }}?a={{_b_}})", {{"id", "1/2"}, {"_b_", "&"}}),
              "<p><a href=\"https://x.org/1%2F2?a=%26\">x</a></p>\n");
    EXPECT_EQ(html_of("**{{a}}**b", {{"a", "x"}}), "<p><strong>x</strong>b</p>\n");
    EXPECT_EQ(html_of("\\{{a}} {b}", {{"a", "x"}}), "<p>{{a}} {b}</p>\n");
    EXPECT_EQ(html_of("&#xE000;0&#xE001; \ue000 {{a}}", {{"a", "x"}}), "<p>\ue000 \ue000 x</p>\n");
}

TEST(Render, KeepsWhatHasNoValue) {
    const auto t = parse_template("---\nsubject: Hi {{name}}\n---\n{{name}} {{none}} [x]({{url}})");
    const auto r = render_template(t, {{"name", ""}});
    EXPECT_EQ(r.subject, "Hi ");
    EXPECT_EQ(r.text, " {{none}} x (%7B%7Burl%7D%7D)\n");
    EXPECT_EQ(render_template(t, json::object{}).subject, "Hi {{name}}");
}

TEST(Render, ListsAllMissingValuesWhenStrict) {
    const auto t = parse_template(
        "---\nsubject: {{a}}\npreheader: {{b}}\n---\n{{c}} [x](https://x.org/{{d.e}}) {{a}} {{ok}}", "w");
    const auto [code, sentence] =
        failure_of([&] { render_template(t, {{"ok", 1}, {"d", "no object"}}, {.strict = true}); });
    EXPECT_EQ(code, errc::missing_variable);
    EXPECT_EQ(sentence, "the template w: no value for a, b, c, d.e");
    EXPECT_NO_THROW(
        render_template(t, {{"ok", 1}, {"a", ""}, {"b", 1}, {"c", true}, {"d", {{"e", "x"}}}}, {.strict = true}));
}

TEST(Render, ListsWhatItDoesNotUnderstandWhenStrict) {
    auto t = parse_template(
        "---\nsubject: {{> s}}\npreheader: {{a b}}\n---\n{{#if x}}{{gone}}{{/if}} `{{{raw}}}` {{}} {{#if x}}"
        " [x](https://x.org/{{^y z}})",
        "w");
    EXPECT_NO_THROW(render_template(t, json::object{}));
    const auto [code, sentence] = failure_of([&] { render_template(t, {{"raw", 1}}, {.strict = true}); });
    EXPECT_EQ(code, errc::bad_template) << "no value would help";
    EXPECT_EQ(sentence, "the template w: no value for gone; not understood: {{> s}}, {{a b}}, {{#if x}}, {{/if}}, "
                        "{{{raw}}}, {{}}, {{^y z}}; write \\{{ for braces");
    EXPECT_NO_THROW(render_template(parse_template("\\{{#if x}} {{a}}"), {{"a", 1}}, {.strict = true}));
    t = parse_template("B");
    t.layout_html = "{{content}} {{#x}} {{> y}} {{subject}}";
    EXPECT_EQ(failure_of([&] { render_template(t, json::object{}, {.strict = true}); }).sentence,
              "the template template: not understood: {{#x}}, {{> y}}; write \\{{ for braces");
}

TEST(Render, WritesBracesThatAreNoPlace) {
    EXPECT_EQ(text_of("\\{{a}} `\\{{a}}` **\\{{a}}**\n\n    \\{{a}}", {{"a", "x"}}),
              "{{a}} {{a}} {{a}}\n\n    {{a}}\n");
}

TEST(Render, TakesDescribedStructs) {
    const auto t = parse_template("{{name}} has {{orders}}");
    EXPECT_EQ(render_template(t, customer{.name = "Ann", .orders = 3}).text, "Ann has 3\n");
}

TEST(Render, KeepsAValueOnOneLineOfTheText) {
    EXPECT_EQ(text_of("> {{v}}", {{"v", "a\r\n\r\nYour account is closed\nb"}}), "> a Your account is closed b\n");
}

TEST(Render, HasAsManyLinesOfTextWhereALinkWithoutWordsLeadsNowhere) {
    const std::string between = "a\n\n[](https://{{v}}/)\n\nb";
    EXPECT_EQ(text_of(between, {{"v", "x.org"}}), "a\n\n (https://x.org/)\n\nb\n");
    EXPECT_EQ(text_of(between, {{"v", "x/y"}}), "a\n\n\n\nb\n");
}

TEST(Render, LetsNoValueTurnAroundTheWordsAfterIt) {
    const auto r = render_template(
        parse_template("---\nsubject: {{v}}, hello\n---\n{{v}} pays [x](https://x.org/{{v}})"), {{"v", "\u202eAnn"}});
    EXPECT_EQ(r.subject, "\u202eAnn\u202c, hello");
    EXPECT_TRUE(r.text.starts_with("\u202eAnn\u202c pays x (https://x.org/%E2%80%AEAnn)")) << r.text;
    EXPECT_NE(r.html.find("\u202eAnn\u202c pays"), std::string::npos);
}

TEST(Render, ReplacesWhatHtmlCannotHold) {
    EXPECT_EQ(html_of("{{v}}", {{"v", std::string_view("a\0b\x1b\xff", 5)}}), "<p>a\xef\xbf\xbd"
                                                                              "b\xef\xbf\xbd\xef\xbf\xbd</p>\n");
}

TEST(Render, HidesThePreheaderBeforeTheContentAndNotInTheText) {
    const auto r = render_template(parse_template("---\npreheader: Soon, {{n}}\n---\nBody"), {{"n", "<x>"}});
    EXPECT_EQ(r.preheader, "Soon, <x>");
    const auto hidden = r.html.find("display:none"), words = r.html.find("Soon, &lt;x&gt;"), body = r.html.find("Body");
    EXPECT_LT(hidden, words);
    EXPECT_LT(words, body);
    EXPECT_EQ(r.text, "Body\n");
    EXPECT_EQ(render_template(parse_template("Body"), json::object{}).html.find("display:none"), std::string::npos);
}

TEST(Render, SpeaksOfTheLanguageAndDarkMode) {
    auto t = parse_template("Body");
    EXPECT_NE(render_template(t, json::object{}).html.find("<html>"), std::string::npos);
    t.locale = "pt-BR";
    const auto html = render_template(t, json::object{}).html;
    EXPECT_NE(html.find("<html lang=\"pt-BR\">"), std::string::npos);
    EXPECT_NE(html.find("prefers-color-scheme: dark"), std::string::npos);
}

TEST(Render, PutsALayoutAround) {
    auto t = parse_template("---\nsubject: <S>\npreheader: P\n---\n{{v}}");
    t.layout = "own";
    t.layout_html = "<title>{{subject}}</title>{{preheader}}<main>{{content}}</main>{{other}}";
    const auto html = render_template(t, {{"v", "{{subject}}"}}).html;
    EXPECT_TRUE(html.starts_with("<title>&lt;S&gt;</title><div style=\"display:none")) << html;
    EXPECT_NE(html.find(">{{subject}}</p>\n</main>{{other}}"), std::string::npos) << html;
    for (const auto* bad : {"no place", "{{content}}{{content}}"}) {
        t.layout_html = bad;
        EXPECT_EQ(failure_of([&] { render_template(t, json::object{}); }).sentence,
                  "the layout own: it must hold {{content}} exactly once");
    }
}

TEST(Render, OffersTheSenderOfTheTemplate) {
    EXPECT_EQ(render_template(parse_template("---\nfrom: Shop <s@x.org>\n---\nB"), json::object{}).from->email(),
              "s@x.org");
    EXPECT_EQ(render_template(parse_template("B"), json::object{}).from, std::nullopt);
}

// Each line of the text would repeat the marks of all quotations around it: gigabytes, of a few kilobytes.
TEST(Render, RepeatsTheMarksOfAFewLevelsOnly) {
    std::string lines;
    for (int i = 0; i < 1000; ++i)
        lines += "a\n";
    EXPECT_LT(text_of(std::string(500, '>') + lines).size(), 100'000u);
    EXPECT_EQ(text_of("> > > > a\n> > > > b"), "> > > > a\n> > > > b\n");
}

TEST(Render, KnowsTheAlignmentOfEveryColumn) {
    const auto html = render_template(parse_template("|a|b|c|\n|:-|:-:|-:|\n|1|2|3|"), json::object{}).html;
    std::string sides;
    for (auto at = html.find("text-align:"); at != std::string::npos; at = html.find("text-align:", at + 1))
        sides += html[at + 11];
    EXPECT_EQ(sides, "lcrlcr");
}

// cmark fills up every row to the columns of the first: 16,000 rows of 16,000 cells, of 128 KB.
TEST(Render, RefusesATableThatGrowsWithoutBound) {
    std::string head, line, rows;
    for (int i = 0; i < 900; ++i)
        head += "|a", line += "|-", rows += "|\n";
    const auto [code, sentence] = failure_of([&] { text_of("> " + head + "|\n> " + line + "|\n" + rows); });
    EXPECT_EQ(code, errc::too_large);
    EXPECT_EQ(sentence,
              "the Markdown may have 812702 cells in a table, over the limit of 200000; make it simpler, or attach it "
              "as a file");
    EXPECT_EQ(failure_of([] { text_of(std::string(1001, '|')); }).code, errc::too_large)
        << "columns take time by their square";
    EXPECT_NO_THROW(text_of(head + "|\n" + line + "|\n|\n\n" + rows.substr(0, 100)));
}

// For each word of the text cmark climbs all levels above it.
TEST(Render, RefusesLevelsWithoutEnd) {
    for (const std::string mark : {">", "> ", "- ", "1. ", "> * 2) + "}) {
        std::string deep;
        for (int i = 0; i < 501; ++i)
            deep += mark;
        EXPECT_EQ(failure_of([&] { text_of("a\r" + deep + "x"); }).code, errc::too_large) << mark;
        EXPECT_NO_THROW(text_of(deep.substr(0, 300) + "x")) << mark;
    }
}

TEST(RenderBody, TakesMarkdownWithoutPlaces) {
    const auto r = render_body("{{s}}", "**x** {{a}} {{open \ue000\xff");
    EXPECT_EQ(r.subject, "{{s}}");
    EXPECT_EQ(r.text, "x {{a}} {{open \ue000\xef\xbf\xbd\n");
}

} // namespace
} // namespace infra::email
