// Whatever a value holds, it stays a value: the html keeps its elements and where its links lead, the plain text its
// lines, the header its fields. What an html page or a URL means is asked of Python's standard library, not of us.

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>
#include <infra/base/json.hpp>
#include <infra/email.hpp>
#include <infra/email/mime.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

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

class scratch {
public:
    scratch() : path_(std::filesystem::temp_directory_path() / ("infra-email-injection-" + random_hex(8))) {
        std::filesystem::create_directories(path_);
    }
    ~scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;

    std::string write(const char* name, std::string_view text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

json::array shapes_of(const std::vector<std::string>& pages) {
    const scratch place;
    const auto script = place.write("reader.py", html_reader);
    const auto input = place.write("pages.json", json::to_text(pages));
    auto* const pipe = ::popen(("python3 '" + script + "' '" + input + "'").c_str(), "r");
    std::string out;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        out += static_cast<char>(c);
    EXPECT_EQ(::pclose(pipe), 0);
    return json::parse(out, {.max_bytes = out.size() + 1, .max_depth = 32}).value().as_array();
}

// --- Values nobody should have -------------------------------------------------------------------------------------

const std::vector<std::string>& hostile_values() {
    static const std::vector<std::string> all{
        "",
        " ",
        "Ann",
        "<b>bold</b>",
        "<script>alert(1)</script>",
        "</p></td></table><a href=https://evil.example>x</a>",
        "<!--",
        "--> <img src=x onerror=alert(1)>",
        "]]><![CDATA[",
        "<?php ?>",
        "\"><a href=\"https://evil.example\">x</a>",
        "\" onmouseover=\"alert(1)",
        "' onmouseover='alert(1)",
        "`` ` ``` x",
        "[click](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "<https://evil.example>",
        "**bold** _em_ ~~gone~~",
        "# heading",
        "\n\n# heading\n\n- item\n\n> quote\n\n---\n\n    code\n",
        "\r\n\r\nnext",
        "| a | b |\n|---|---|\n| c | d |",
        "\\",
        "\\*x\\*",
        "&lt;b&gt; &amp; &#60;b&#62; &quot;",
        "&",
        "{{other}} {{name}} \\{{",
        "}}",
        "{{content}} {{subject}} {{preheader}}",
        "javascript:alert(1)",
        " java\tscript:alert(1)",
        "https://evil.example",
        "//evil.example",
        "\\\\evil.example",
        "@evil.example",
        ".evil.example",
        ":8080",
        "?a=b&c=d#e",
        "#x",
        "&extra=1",
        ";extra=1",
        "%2e%2e%2f %00 %zz %",
        "a/b/c",
        "a@x.org,b@x.org?bcc=c@x.org",
        "x) [y](https://evil.example",
        "x\" title=\"y",
        "x 'y' (z)",
        std::string("\0 \x01\x08\x0b\x1b[31m\x7f", 10),
        "\xff\xfe\xc3 \xed\xa0\x80 \xf4\x90\x80\x80",
        "\xee\x80\x80"
        "0\xee\x80\x81 \xee\x80\x80"
        "7\xee\x80\x81 \xee\x80\x80 \xee\x80\x81",
        "\xef\xb7\x90"
        "0\xef\xb7\x91 \xef\xbb\xbf \xef\xbf\xbe",
        "\xe2\x80\xae"
        "gnirts \xe2\x80\xa8 \xe2\x80\xa9 \xc2\x85",
        std::string(5000, '<'),
        std::string(2000, '['),
        std::string(300, '\n'),
    };
    return all;
}

// Pieces of them in any order.
std::string shuffled_value(std::mt19937_64& lots) {
    static constexpr std::string_view pieces[] = {"<",
                                                  ">",
                                                  "\"",
                                                  "'",
                                                  "&",
                                                  "=",
                                                  "`",
                                                  "*",
                                                  "_",
                                                  "[",
                                                  "]",
                                                  "(",
                                                  ")",
                                                  "!",
                                                  "#",
                                                  "\n",
                                                  "\r",
                                                  " ",
                                                  "\t",
                                                  "\\",
                                                  "/",
                                                  "//",
                                                  ":",
                                                  "?",
                                                  "@",
                                                  ";",
                                                  ",",
                                                  "{{",
                                                  "}}",
                                                  "|",
                                                  "---",
                                                  "<!--",
                                                  "-->",
                                                  "</a>",
                                                  "<a href=",
                                                  "javascript:",
                                                  "https://e.example",
                                                  "\xee\x80\x80",
                                                  "\xee\x80\x81",
                                                  "0",
                                                  "7",
                                                  "a",
                                                  "%",
                                                  "%3c",
                                                  "&lt;",
                                                  "\xc3\xa9",
                                                  "\xff",
                                                  "\x1b",
                                                  ".",
                                                  "..",
                                                  "<script>",
                                                  "</title>",
                                                  "</style>",
                                                  "data:",
                                                  "mailto:",
                                                  "~",
                                                  "+",
                                                  "\xe2\x80\x8b"};
    std::string value;
    for (auto n = lots() % 12; n > 0; --n)
        value += pieces[lots() % std::size(pieces)];
    if (value.find_first_not_of('.') == std::string::npos) // a target that only dots would lead up from leads nowhere
        value += "x";
    return value;
}

std::vector<std::string> many_values() {
    auto all = hostile_values();
    std::mt19937_64 lots(7); // the same ones in every run
    const int shuffled = std::getenv("INFRA_TEST_LONG") ? 3000 : 150;
    for (int i = 0; i < shuffled; ++i)
        all.push_back(shuffled_value(lots));
    return all;
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
    const auto values = many_values();
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
    const auto values = many_values();
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
    for (const auto& each : many_values())
        ASSERT_EQ(lines(with(each).text), expected) << encoding::hex_encode(each);
}

TEST(Injection, ShowsAValueAsItIs) {
    const auto page = with("<b>*x*</b> [y](z) & \"q\"").html;
    EXPECT_NE(page.find("&lt;b&gt;*x*&lt;/b&gt; [y](z) &amp; &quot;q&quot;"), std::string::npos);
    EXPECT_NE(with("*x* [y](z) {{v}}").text.find("Text *x* [y](z) {{v}}, bold"), std::string::npos);
}

// --- Whole targets and hosts ---------------------------------------------------------------------------------------

// Where the only link of a mail leads.
std::string target_of(std::string_view markdown, const std::string& value) {
    const auto page = render_template(parse_template(markdown), {{"v", value}}).html;
    const auto begin = page.find("<a href=\"");
    return begin == page.npos ? "(no link)" : page.substr(begin + 9, page.find('"', begin + 9) - begin - 9);
}

TEST(Injection, LetsAValueBeAWholeTargetOnlyWithASchemeThatIsHarmless) {
    for (const std::string_view good : {"https://shop.example/x?a=1#b", "http://shop.example", "mailto:ann@example.org",
                                        "tel:+4930123", "HTTPS://SHOP.EXAMPLE/"})
        EXPECT_EQ(target_of("[x]({{v}})", std::string(good)), good);
    for (const std::string bad :
         {"javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)",
          "\x01javascript:alert(1)", "vbscript:x", "data:text/html,<script>alert(1)</script>", "file:///etc/passwd",
          "ftp://x.example", "//evil.example", "\\\\evil.example", "/path", "evil.example", "", "x:y",
          "&#106;avascript:alert(1)", "javascript&colon;alert(1)", "%6aavascript:alert(1)"}) {
        EXPECT_EQ(target_of("[x]({{v}})", bad), "") << bad;
        EXPECT_EQ(target_of("[x]({{v}}/more)", bad), "") << bad;
    }
}

TEST(Injection, LetsAValueBeAHostOnlyWhereItIsTheWholeOfIt) {
    EXPECT_EQ(target_of("[x](https://{{v}}/a)", "eu.shop.example:8443"), "https://eu.shop.example:8443/a");
    EXPECT_EQ(target_of("[x](https://{{v}}.shop.example/a)", "eu"), "https://eu.shop.example/a");
    for (const std::string bad : {"evil.example/", "evil.example#", "evil.example?", "a@evil.example", "evil.example\\",
                                  "a b", "", "a%2fb", "evil.example:80/x"}) {
        EXPECT_EQ(target_of("[x](https://{{v}}/a)", bad), "") << bad;
        EXPECT_EQ(target_of("[x](https://{{v}}.shop.example/a)", bad), "") << bad;
        EXPECT_EQ(target_of("[x](https://shop.example{{v}})", bad), "") << bad;
    }
    EXPECT_EQ(target_of("[x](https://shop.example{{v}})", ".evil.example"), "");
    EXPECT_EQ(target_of("[x](https://shop.example{{v}})", ":x@evil.example"), "");
}

// --- The header ----------------------------------------------------------------------------------------------------

/// Keeps what it is given.
class collector final : public transport {
public:
    std::string_view name() const noexcept override { return "collector"; }
    transport_traits traits() const noexcept override { return {.schedules = true, .has_topics = true}; }
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline) override {
        std::vector<delivery> done;
        for (auto& each : mails) {
            done.push_back({.id = each.id});
            taken.push_back(std::move(each));
        }
        co_return done;
    }

    std::vector<mail> taken;
};

// The sentence of the refusal; empty if the transport got the mail.
std::string refusal_of(message m) {
    const auto to = std::make_shared<collector>();
    const mailer sender({.transport = to, .from = "Shop <shop@example.org>"});
    asio::io_context loop;
    auto sent = asio::co_spawn(loop, sender.send(std::move(m)), asio::use_future);
    loop.run();
    try {
        sent.get();
    } catch (const error& e) {
        EXPECT_TRUE(to->taken.empty());
        return e.what();
    }
    EXPECT_EQ(to->taken.size(), 1U);
    return {};
}

TEST(Injection, RefusesLineBreaksWhereverAHeaderWouldCarryThem) {
    const std::string ann = "ann@example.org";
    EXPECT_EQ(refusal_of({.to = ann, .subject = "s", .body = "b"}), "");
    for (const auto& evil : {std::string("x\r\nBcc: e@evil.example"), std::string("x\ny"), std::string("x\ry"),
                             std::string("x\0y", 3), std::string("x\r\n\r\nbody")}) {
        const std::pair<const char*, message> attempts[] = {
            {"subject", {.to = ann, .subject = evil, .body = "b"}},
            {"subject of content", {.to = ann, .content = rendered_email{.subject = evil, .html = "h", .text = "t"}}},
            {"from", {.from = evil, .to = ann, .subject = "s", .body = "b"}},
            {"from, name", {.from = address::named(evil, ann), .to = ann, .subject = "s", .body = "b"}},
            {"to", {.to = evil, .subject = "s", .body = "b"}},
            {"to, before a good one", {.to = {evil + " <ann@example.org>"}, .subject = "s", .body = "b"}},
            {"to, name", {.to = address::named(evil, ann), .subject = "s", .body = "b"}},
            {"to, email", {.to = address::named("Ann", ann + evil), .subject = "s", .body = "b"}},
            {"cc", {.to = ann, .cc = address::named(evil, ann), .subject = "s", .body = "b"}},
            {"bcc", {.to = ann, .bcc = address::named(evil, ann), .subject = "s", .body = "b"}},
            {"reply_to", {.to = ann, .reply_to = address::named(evil, ann), .subject = "s", .body = "b"}},
            {"filename", {.to = ann, .subject = "s", .body = "b", .attachments = {{.filename = evil}}}},
            {"content_type",
             {.to = ann,
              .subject = "s",
              .body = "b",
              .attachments = {{.filename = "a", .content_type = "text/" + evil}}}},
            {"content_id",
             {.to = ann, .subject = "s", .body = "b", .attachments = {{.filename = "a", .content_id = evil}}}},
            {"header", {.to = ann, .subject = "s", .body = "b", .headers = {{"X-A", evil}}}},
            {"header's name", {.to = ann, .subject = "s", .body = "b", .headers = {{evil, "a"}}}},
            {"List-Unsubscribe",
             {.to = ann, .subject = "s", .body = "b", .headers = {{"List-Unsubscribe", "<" + evil + ">"}}}},
            {"tag", {.to = ann, .subject = "s", .body = "b", .tags = {{"a", evil}}}},
            {"tag's name", {.to = ann, .subject = "s", .body = "b", .tags = {{evil, "a"}}}},
        };
        for (const auto& [where, attempt] : attempts) {
            const auto sentence = refusal_of(attempt);
            EXPECT_NE(sentence, "") << where;
            EXPECT_EQ(sentence.find("evil.example"), std::string::npos) << where << ": " << sentence;
        }
    }
}

TEST(Injection, RefusesASubjectIntoWhichAValueBroughtALineBreak) {
    const auto content =
        render_template(parse_template("---\nsubject: Hi {{v}}\n---\nbody"), {{"v", "x\r\nBcc: e@evil.example"}});
    EXPECT_NE(refusal_of({.to = "ann@example.org", .content = content}), "");
}

TEST(Injection, RefusesHeadersThatTheMailWritesItself) {
    for (const std::string name :
         {"From", "to", "CC", "Bcc", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
          "content-transfer-encoding", "Sender", "Return-Path"})
        EXPECT_NE(refusal_of({.to = "ann@example.org", .subject = "s", .body = "b", .headers = {{name, "x"}}}), "")
            << name;
}

// Not even the composer, which transports call, lets one through that did not pass the mailer.
TEST(Injection, IsRefusedByTheComposerToo) {
    const auto composes = [](const mail& m) {
        try {
            (void)to_mime(m, {.senders_copy = true});
            return true;
        } catch (const error&) {
            return false;
        }
    };
    const mail good{.id = "1", .from = "a@b.org", .to = {"c@d.org"}, .subject = "s", .text = "t"};
    EXPECT_TRUE(composes(good));
    const std::function<void(mail&)> changes[] = {
        [](mail& m) { m.subject = "x\r\nBcc: e@e.org"; },
        [](mail& m) { m.id = "x\r\nBcc: e@e.org"; },
        [](mail& m) { m.from = address::named("x\r\nBcc: e@e.org", "a@b.org"); },
        [](mail& m) { m.from = address::named("", "a@b.org\r\nBcc: e@e.org"); },
        [](mail& m) { m.bcc = {address::named("x\n", "a@b.org")}; },
        [](mail& m) { m.headers = {{"X-A", "x\r\nBcc: e@e.org"}}; },
        [](mail& m) { m.headers = {{"X-A: x\r\nBcc", "e@e.org"}}; },
        [](mail& m) { m.tags = {{"a", "x\r\nBcc: e@e.org"}}; },
        [](mail& m) { m.attachments = {{.filename = "x\r\nBcc: e@e.org"}}; },
        [](mail& m) { m.attachments = {{.filename = "a", .content_type = "text/x\r\nBcc: e@e.org"}}; },
        [](mail& m) { m.attachments = {{.filename = "a", .content_id = "x\r\nBcc: e@e.org"}}; },
    };
    for (const auto& change : changes) {
        auto m = good;
        change(m);
        EXPECT_FALSE(composes(m)) << &change - changes;
    }
}

} // namespace
} // namespace infra::email
