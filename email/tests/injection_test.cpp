// Whatever a value holds, it stays a value: the html keeps its elements and where its links lead, the plain text its
// lines. What an html page or a URL means is asked of Python's standard library, not of us.

#include <infra/email/template.hpp>

#include "tests/hostile_values.hpp"
#include "tests/support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace infra::email {
namespace {

// --- What Python sees ---------------------------------------------------------------------------------------------

// Of each page: its tags in order, with attributes. Of href and src the parts that say where they lead: scheme, host, how
// many segments the path has, the query's names, whether there is a fragment, whether a blank is left in it.
constexpr std::string_view html_reader = R"(
import html.parser, json, sys, urllib.parse

def target(url):
    split = urllib.parse.urlsplit(url)
    return [split.scheme, split.netloc, split.path.count('/'), sorted(urllib.parse.parse_qs(split.query, True)),
            split.query.count('='), bool(split.fragment), any(c <= ' ' for c in url)]

class reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []
    def handle_starttag(self, tag, attributes):
        self.seen.append(['<' + tag] + [[n, target(v) if n in ('href', 'src') else v if n not in ('alt', 'title') else '']
                                        for n, v in attributes])
    def handle_endtag(self, tag):
        self.seen.append(['>' + tag])
    def handle_comment(self, text):
        self.seen.append(['comment'])
    def handle_decl(self, text):
        self.seen.append(['declaration'])
    def handle_pi(self, text):
        self.seen.append(['instruction'])
    def unknown_decl(self, text):
        self.seen.append(['unknown declaration'])

shapes = []
for page in json.load(open(sys.argv[1], encoding='utf-8')):
    one = reader()
    one.feed(page)
    one.close()
    shapes.append(one.seen)
json.dump(shapes, sys.stdout)
)";

json::array shapes_of(const std::vector<std::string>& pages) {
    const temporary_folder folder;
    folder.write("reader.py", html_reader);
    folder.write("pages.json", json::to_text(pages));
    auto* const pipe = ::popen(("cd '" + folder.string() + "' && python3 reader.py pages.json").c_str(), "r");
    std::string out;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        out += static_cast<char>(c);
    EXPECT_EQ(::pclose(pipe), 0);
    return json::parse(out, {.max_bytes = out.size() + 1, .max_depth = 32}).value().as_array();
}

// --- A template with a place wherever a template can have one ------------------------------------------------------

constexpr std::string_view everywhere = R"(---
subject: Hello {{v}}
preheader: About {{v}}
---
# For {{v}}

Text {{v}}, **bold {{v}}**, _em {{v}}_, `code {{v}}`, {{v}}{{v}}.
Another line {{v}}\
and one after a hard break.

- item {{v}}
- [text {{v}}](https://shop.example/fixed "title {{v}}")

1. > quoted {{v}}
   > [seen](https://shop.example/a/{{v}}/b?name={{v}}&keep=1#part)

| head {{v}} | fixed |
|---|:-:|
| cell {{v}} | [cell](https://shop.example/?q={{v}}) |

![picture {{v}}](https://shop.example/{{v}}.png)

<https://shop.example/fixed?x=1> [write](mailto:help@shop.example?subject={{v}}) [call](tel:+49{{v}})

    indented {{v}}

```
fenced {{v}}
```
)";

rendered_email with(const std::string& value) { return render_template(parse_template(everywhere), {{"v", value}}); }

TEST(Injection, LeavesElementsAndLinkTargetsAsTheyAreForAnyValue) {
    const auto values = hostile_values();
    std::vector<std::string> pages{with("Ann").html};
    for (const auto& each : values)
        pages.push_back(with(each).html);
    const auto shapes = shapes_of(pages);
    ASSERT_EQ(shapes.size(), pages.size());
    ASSERT_GT(shapes[0].as_array().size(), 80U); // Python did read the page
    for (std::size_t i = 0; i < values.size(); ++i)
        ASSERT_EQ(json::to_text(shapes[i + 1]), json::to_text(shapes[0])) << encoding::hex_encode(values[i]);
}

// The same where sections repeat what is around the value.
constexpr std::string_view repeated = R"(---
subject: Hello{{#list}} {{v}}{{/list}}
---
{{#list}}
## For {{v}}

Text {{v}}{{#words}}, **{{.}}** [x](https://shop.example/{{.}}?a={{.}}){{/words}}{{^none}} `{{v}}`{{/none}}.

- fixed
{{#words}}
- [{{.}}](https://shop.example/{{v}} "{{.}}")
{{/words}}
{{/list}}

| a | b |
|---|---|
{{#list}}
| {{v}} | ![{{v}}](https://shop.example/{{v}}.png) |
{{/list}}

1. x
{{#list}}
2. > {{v}}
{{/list}}
)";

rendered_email repeated_with(const std::string& value) {
    static const auto parsed = parse_template(repeated);
    return render_template(parsed, {{"list", {{{"v", value}}, {{"v", value}}}}, {"words", {value, "fixed"}}});
}

TEST(Injection, LeavesElementsAndLinesOfSectionsAsTheyAreForAnyValue) {
    const auto values = hostile_values();
    std::vector<std::string> pages{repeated_with("Ann").html};
    for (const auto& each : values)
        pages.push_back(repeated_with(each).html);
    const auto shapes = shapes_of(pages);
    ASSERT_GT(shapes[0].as_array().size(), 80U);
    for (std::size_t i = 0; i < values.size(); ++i)
        ASSERT_EQ(json::to_text(shapes[i + 1]), json::to_text(shapes[0])) << encoding::hex_encode(values[i]);
    const auto lines = std::ranges::count(repeated_with("Ann").text, '\n');
    for (const auto& each : values)
        ASSERT_EQ(std::ranges::count(repeated_with(each).text, '\n'), lines) << encoding::hex_encode(each);
}

TEST(Injection, LeavesTheLinesOfThePlainTextAsTheyAreForAnyValue) {
    const auto lines = [](std::string_view text) {
        return std::ranges::count(text, '\n') + std::ranges::count(text, '\r');
    };
    const auto expected = lines(with("Ann").text);
    for (const auto& each : hostile_values())
        ASSERT_EQ(lines(with(each).text), expected) << encoding::hex_encode(each);
}

TEST(Injection, ShowsAValueAsItIs) {
    const auto page = with("<b>*x*</b> [y](z) & \"q\"").html;
    EXPECT_NE(page.find("&lt;b&gt;*x*&lt;/b&gt; [y](z) &amp; &quot;q&quot;"), std::string::npos);
    EXPECT_NE(with("*x* [y](z) {{v}}").text.find("Text *x* [y](z) {{v}}, bold"), std::string::npos);
}

} // namespace
} // namespace infra::email
