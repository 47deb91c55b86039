#include <infra/email/error.hpp>
#include <infra/email/mailer.hpp>
#include <infra/email/template.hpp>

#include "src/template/names.hpp"
#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infra::email {
namespace {

using names = std::vector<std::string>;

TEST(Names, AreAllThatATemplateAsksFor) {
    struct row {
        std::string text;
        names expected;
    };
    for (const auto& [text, expected] : {
             row{"Hi", {}},
             row{"---\nsubject: {{s}}\npreheader: {{p}}\n---\n{{b}}", {"b", "p", "s"}},
             row{"{{b}} {{ a }} **{{b}}** {{B}}", {"B", "a", "b"}},
             row{"{{user.name}} {{user}} {{user.address.city}}", {"user", "user.address.city", "user.name"}},
             row{"[{{word}}](https://x.org/{{path}}) ![{{alt}}](https://x.org/{{image}})",
                 {"alt", "image", "path", "word"}},
             row{"[{{url}}]({{url}})", {"url"}},
             row{"{{#items}}{{name}} {{.}}{{/items}}", {"items", "name"}},
             row{"{{^items}}{{none}}{{/items}}", {"items", "none"}},
             row{"{{#a}}\n\n> - {{b}}\n\n{{/a}}", {"a", "b"}},
             row{"| n |\n|---|\n{{#rows}}\n| {{n}} |\n{{/rows}}", {"n", "rows"}},
             row{"`{{code}}`\n\n    {{block}}\n\n# {{heading}}", {"block", "code", "heading"}},
             row{"{{.}} \\{{a}} {{! b }} {{#if c}} {{> d}}", {}},
             row{"a <b title=\"{{gone}}\">{{word}}</b>", {"word"}},
         })
        EXPECT_EQ(names_in(parse_template(text)), expected) << text;
}

TEST(Names, FollowAChangedTemplate) {
    auto t = parse_template("{{a}}");
    t.body = "{{b}}";
    t.layout_html = "<p>{{content}}{{subject}}</p>";
    EXPECT_EQ(names_in(t), names{"b"}) << "the layout's places are no names of data";
    EXPECT_EQ(names_in(email_template{.subject = "{{c}}"}), names{"c"});
}

// What a template may ask for, by what is expected.
TEST(Names, ThatAreExpectedPass) {
    struct row {
        std::string text;
        names expected;
    };
    for (const auto& [text, expected] : {
             row{"Hi", {}},
             row{"{{.}}", {}},
             row{"{{a}}", {"a", "b"}},
             row{"{{user.name}}", {"user"}},
             row{"{{user.name}}", {"user.name"}},
             row{"{{user.name.first}}", {"user.name"}},
             row{"{{user}} {{#user}}{{name}}{{/user}}", {"user.name"}},
             row{"{{#items}}{{name}} {{price.net}} {{.}}{{/items}}", {"items"}},
             row{"{{#items}}{{#tags}}{{.}}{{/tags}}{{^tags}}{{name}}{{/tags}}{{/items}}", {"items"}},
             row{"{{#items}}[x](https://x.org/{{id}}){{/items}}", {"items"}},
             row{"{{^items}}{{hint}}{{/items}}", {"items", "hint"}},
         })
        EXPECT_NO_THROW(refuse_unexpected(parse_template(text), expected)) << text;
}

TEST(Names, ThatAreNotExpectedAreAllListed) {
    struct row {
        std::string text;
        names expected;
        std::string listed;
    };
    for (const auto& [text, expected, listed] : {
             row{"{{a}}", {}, "a"},
             row{"---\nsubject: {{z}}\npreheader: {{y}}\n---\n{{a}} {{ok}} {{z}}", {"ok"}, "z, y, a"},
             row{"{{User}} {{users}} {{user_name}}", {"user"}, "User, users, user_name"},
             row{"{{user.email}} {{user.nam}}", {"user.name"}, "user.email, user.nam"},
             row{"[x](https://x.org/{{path}})", {}, "path"},
             row{"{{#itmes}}{{name}}{{/itmes}}", {"items"}, "itmes"},
             row{"{{^itmes}}{{hitn}}{{/itmes}}", {"items", "hint"}, "itmes, hitn"},
             row{"{{^items}}{{#paid}}{{by}}{{/paid}}{{/items}}", {"items"}, "paid"},
             row{"{{#items}}{{name}}{{/items}} {{name}}", {"items"}, "name"},
             row{"{{a}}", {"", ".", "aa"}, "a"},
         }) {
        const auto [code, sentence] = failure_of([&] { refuse_unexpected(parse_template(text, "w"), expected); });
        EXPECT_EQ(code, errc::missing_variable) << text;
        EXPECT_EQ(sentence, "the template w: no value for " + listed) << text;
    }
}

// One rule at load and at rendering: with the names that a template asks for nothing is missing, without any of them something is.
TEST(Names, AreWhatStrictRenderingMisses) {
    for (const auto* text :
         {"{{a}} [x](https://x.org/{{b}})", "---\nsubject: {{a}}\n---\n{{b}}", "{{^a}}{{b}}{{/a}}"}) {
        const auto t = parse_template(text);
        EXPECT_EQ(names_in(t), (names{"a", "b"})) << text;
        EXPECT_NO_THROW(render_template(t, {{"a", 0}, {"b", 1}}, {.strict = true})) << text;
        const auto at_load = failure_of([&] { refuse_unexpected(t, {}); });
        const auto at_rendering = failure_of([&] { render_template(t, json::object{}, {.strict = true}); });
        EXPECT_EQ(at_load.sentence, at_rendering.sentence) << text;
    }
}

TEST(LoadTemplate, RefusesNamesThatNobodyExpects) {
    temporary_folder folder;
    folder.write("welcome.md",
                 "---\nsubject: Hi {{name}}\n---\n{{#items}}{{price}}{{/items}} {{totla}} {{adress.city}}");
    folder.write("old.md", "{{name}} {{#if paid}}");
    folder.write("framed.md", "---\nlayout: frame\n---\n{{name}}");
    folder.write("layouts/frame.html", "{{content}}");
    const mailer m({.url = "memory:", .templates = folder.string()});
    const auto load = [&](std::string name, std::optional<names> expected) {
        return failure_of([&] { run(m.load_template(name, {.expects = expected})); });
    };
    for (int again = 0; again < 2; ++again) { // the second time from the cache
        const auto why = load("welcome", names{"name", "items", "total", "address"});
        EXPECT_EQ(why.code, errc::missing_variable);
        EXPECT_EQ(why.sentence, "the template welcome: no value for totla, adress.city");
    }
    EXPECT_EQ(load("framed", names{}).sentence, "the template framed: no value for name");
    const auto unknown = load("old", names{"name"});
    EXPECT_EQ(unknown.code, errc::bad_template) << "no value would help";
    EXPECT_EQ(unknown.sentence, "the template old: not understood: {{#if paid}}; write \\{{ for braces");
    EXPECT_NO_THROW(run(m.load_template("welcome", {.expects = names{"name", "items", "totla", "adress.city"}})));
    EXPECT_NO_THROW(run(m.load_template("framed", {.expects = {{"name"}}})));
    EXPECT_NO_THROW(run(m.load_template("framed", {.expects = {{"name", "other"}}})));
    EXPECT_NO_THROW(run(m.load_template("welcome"))) << "nothing was said of names";
}

} // namespace
} // namespace infra::email
