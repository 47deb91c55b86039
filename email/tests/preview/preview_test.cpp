#include <infra/email/preview.hpp>

#include "src/preview/look.hpp"
#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::email {
namespace {

bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

struct Preview : ::testing::Test {
    Preview() {
        folder.write("welcome.md",
                     "---\nsubject: Welcome, {{name}}\npreheader: Your account\nfrom: Shop <shop@example.org>\n---\n"
                     "Hi **{{name}}**, ![logo](https://shop.example/logo.png)\n");
        folder.write("welcome.json", R"({"name": "Ann <script>alert(1)</script>", "list": [1, {}], "none": []})");
        folder.write("de/welcome.md", "Hallo {{name}}\n");
        add_preview(routes, {.directory = folder.string(), .pool = &pool});
    }

    http::response get(std::string target, std::string host = "localhost:8025") {
        return run(routes.handle({.target = std::move(target), .headers = {{"host", host}}}));
    }

    temporary_folder folder;
    blocking_pool pool{{.threads = 1}};
    http::router routes;
};

TEST_F(Preview, ListsTemplatesAndLocales) {
    const auto page = get("/");
    EXPECT_EQ(page.status, 200);
    EXPECT_TRUE(has(page.body, "href=\"template?name=welcome\"")) << page.body;
    EXPECT_TRUE(has(page.body, "href=\"template?name=welcome&amp;locale=de\"")) << page.body;
    EXPECT_TRUE(has(page.body, folder.string()));
}

TEST_F(Preview, ShowsATemplateWithItsSampleData) {
    const auto page = get("/template?name=welcome");
    EXPECT_EQ(page.status, 200);
    for (const auto* shown :
         {"<strong>Welcome, Ann &lt;script&gt;", "Your account", "Shop", "sandbox src=\"html?name=welcome\"",
          "Hi Ann &lt;script&gt;", "welcome.json", "&quot;list&quot;: [\n    1,\n    {}\n  ]", "KB of 102 KB"})
        EXPECT_TRUE(has(page.body, shown)) << shown << "\n" << page.body;
    EXPECT_FALSE(has(page.body, "<script>alert")) << "values are escaped";
    EXPECT_FALSE(has(page.body, "Not all places")) << page.body;
}

TEST_F(Preview, LooksAtATemplateWithOtherData) {
    const auto seen =
        look_at_template({.directory = folder.string(), .name = "welcome", .data = json::object{{"name", "Bea & Co"}}});
    ASSERT_TRUE(seen.mail) << seen.problem;
    EXPECT_EQ(seen.mail->subject, "Welcome, Bea & Co");
    EXPECT_EQ(seen.sample_path, "");
    const auto frame = mail_frame(seen.mail->html, {.images = true});
    EXPECT_TRUE(has(frame.body, "Bea &amp; Co"));
    EXPECT_TRUE(
        has(std::string(frame.headers.get("content-security-policy").value_or("")), "sandbox; default-src 'none'"));
    EXPECT_FALSE(look_at_template({.directory = folder.string(), .name = "none"}).found);
}

TEST_F(Preview, ShowsEachLocaleAndKeepsWhatWasChosen) {
    const auto page = get("/template?name=welcome&locale=de&scheme=dark&images=on");
    EXPECT_TRUE(has(page.body, "Hallo Ann"));
    EXPECT_TRUE(has(page.body, "sandbox src=\"html?name=welcome&amp;locale=de&amp;scheme=dark&amp;images=on\""));
    EXPECT_TRUE(has(page.body, "href=\"template?name=welcome&amp;scheme=dark&amp;images=on\">default")) << page.body;
}

TEST_F(Preview, SaysWhatHasNoValue) {
    folder.write("order.md", "{{first}} {{second}} {{#if paid}}");
    const auto page = get("/template?name=order");
    EXPECT_EQ(page.status, 200);
    EXPECT_TRUE(has(page.body, "first") && has(page.body, "second") && has(page.body, "Not all places have a value"));
    EXPECT_TRUE(has(page.body, "There is none: write " + folder.string() + "/order.json")) << page.body;
}

TEST_F(Preview, WarnsOfMailThatGmailCutsOff) {
    folder.write("long.md", std::string(110 * 1024, 'x'));
    EXPECT_TRUE(has(get("/template?name=long").body, "Too long for Gmail"));
}

TEST_F(Preview, SaysWhatIsWrongWithATemplate) {
    folder.write("broken.md", "---\nsubject: a\n");
    folder.write("data.md", "Hi");
    folder.write("data.json", "{");
    folder.write("bare.md", "---\nlayout: none\n---\nHi");
    for (const auto* name : {"broken", "data", "bare"}) {
        const auto page = get(std::string("/template?name=") + name);
        EXPECT_EQ(page.status, 200);
        EXPECT_TRUE(has(page.body, "cannot be rendered")) << name;
        EXPECT_FALSE(has(page.body, "<iframe"));
        EXPECT_EQ(get(std::string("/html?name=") + name).status, 422);
    }
    const auto page = get("/template?name=nobody&locale=pt-BR");
    EXPECT_EQ(page.status, 404);
    for (const auto* tried : {"/pt-BR/nobody.md", "/pt/nobody.md", "/en/nobody.md", "/nobody.md"})
        EXPECT_TRUE(has(page.body, folder.string() + tried)) << page.body;
}

TEST_F(Preview, LeadsNowhereOutOfItsDirectory) {
    folder.write("inside/a.md", "Hi");
    http::router inner;
    add_preview(inner, {.directory = folder.string() + "/inside", .pool = &pool});
    for (const auto* name : {"../welcome", "%2e%2e/welcome", "..%2fwelcome", "/etc/passwd", "a%00", "",
                             "a/../../welcome", "a&locale=..", "a&locale=../..", "a&locale=%2fetc"})
        for (const std::string_view route : {"/template?name=", "/html?name="}) {
            const auto page =
                run(inner.handle({.target = std::string(route) + name, .headers = {{"host", "localhost"}}}));
            EXPECT_EQ(page.status, 404) << name;
            EXPECT_FALSE(has(page.body, "Ann")) << name;
            EXPECT_FALSE(has(page.body, "root:")) << name;
            EXPECT_FALSE(has(page.body, "<iframe")) << name;
        }
}

TEST_F(Preview, AnswersNoOtherHost) {
    for (const auto* target :
         {"/", "/template?name=welcome", "/html?name=welcome", "/changes", "/style.css", "/live.js"}) {
        const auto refused = get(target, "rebound.example:8025");
        EXPECT_EQ(refused.status, 403) << target;
        EXPECT_FALSE(has(refused.body, "Ann"));
    }
    http::router open;
    add_preview(open, {.directory = folder.string(), .hosts = {}, .pool = &pool});
    EXPECT_EQ(run(open.handle({.target = "/", .headers = {{"host", "ops.example"}}})).status, 200);
}

TEST_F(Preview, AnswersNoPageOfSomebodyElse) {
    http::router own;
    add_preview(own, {.directory = folder.string(), .hosts = {}, .pool = &pool});
    const auto asked_from = [&](std::string site) {
        return run(own.handle(
                       {.target = "/html?name=welcome",
                        .headers = {{"host", "localhost"}, {"sec-fetch-site", site}, {"sec-fetch-mode", "no-cors"}}}))
            .status;
    };
    EXPECT_EQ(asked_from("cross-site"), 403);
    EXPECT_EQ(asked_from("same-origin"), 200);
}

TEST_F(Preview, TellsBrowsersToLoadAndRunNothingElse) {
    for (const auto* target : {"/", "/template?name=welcome", "/html?name=welcome", "/style.css", "/live.js"}) {
        const auto answer = get(target);
        const std::string policy(answer.headers.get("content-security-policy").value_or(""));
        EXPECT_TRUE(has(policy, "default-src 'none'")) << target;
        EXPECT_TRUE(has(policy, "frame-ancestors 'self'")) << target;
        EXPECT_FALSE(has(policy, "unsafe-eval"));
        EXPECT_FALSE(has(policy, "script-src 'unsafe-inline'"));
        EXPECT_EQ(answer.headers.get("x-content-type-options"), "nosniff");
        EXPECT_EQ(answer.headers.get("cross-origin-resource-policy"), "same-origin");
        EXPECT_EQ(answer.headers.get("cache-control"), "no-store");
    }
    const auto policy_of = [&](std::string target) {
        return std::string(get(std::move(target)).headers.get("content-security-policy").value_or(""));
    };
    EXPECT_TRUE(policy_of("/html?name=welcome").starts_with("sandbox;"));
    EXPECT_FALSE(has(policy_of("/html?name=welcome"), "https:"));
    EXPECT_TRUE(has(policy_of("/html?name=welcome&images=on"), "img-src data: http: https:"));
}

TEST_F(Preview, ShowsTheMailAsItIsSentInEitherScheme) {
    const auto light = get("/html?name=welcome").body, dark = get("/html?name=welcome&scheme=dark").body;
    EXPECT_TRUE(has(light, "Hi <strong>Ann &lt;script&gt;"));
    EXPECT_TRUE(has(light, "@media (max-width:0)"));
    EXPECT_TRUE(has(dark, "@media (min-width:0)"));
}

TEST_F(Preview, TellsWhenToLoadAgain) {
    const auto page = get("/").body;
    const auto begin = page.find("data-version=\"") + 14;
    const auto version = page.substr(begin, page.find('"', begin) - begin);
    folder.write("welcome.md", "Changed");
    const auto changed = get("/changes?since=" + version);
    EXPECT_EQ(changed.status, 200);
    EXPECT_NE(changed.body, version);
    EXPECT_TRUE(has(get("/").body, "data-version=\"" + changed.body + "\""));
}

TEST_F(Preview, SaysHowToBegin) {
    folder.write("empty/notes.txt", "");
    http::router none;
    add_preview(none, {.directory = folder.string() + "/empty", .pool = &pool});
    EXPECT_TRUE(has(run(none.handle({.headers = {{"host", "localhost"}}})).body, "No templates yet"));
    http::router missing;
    add_preview(missing, {.directory = folder.string() + "/missing", .pool = &pool});
    EXPECT_TRUE(has(run(missing.handle({.headers = {{"host", "localhost"}}})).body, "cannot be listed"));
}

TEST_F(Preview, GuardsItsOwnRoutesOnly) {
    routes.get("/own", [] { return http::response::text("mine"); });
    EXPECT_EQ(get("/own", "shop.example").status, 200);
    auto inside = routes.group("/mail");
    add_preview(inside, {.directory = folder.string(), .pool = &pool});
    EXPECT_EQ(get("/mail/template?name=welcome").status, 200);
}

TEST(PreviewOptions, AreChecked) {
    http::router routes;
    EXPECT_THROW(add_preview(routes, {.directory = ""}), std::invalid_argument);
    EXPECT_THROW(add_preview(routes, {.max_waiting = 0}), std::invalid_argument);
    EXPECT_THROW(add_preview(routes, {.time = nullptr}), std::invalid_argument);
}

} // namespace
} // namespace infra::email
