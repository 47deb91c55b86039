#include "src/template/locate.hpp"

#include "src/template/cache.hpp"
#include "tests/support.hpp"

#include <infra/email/error.hpp>

#include <gtest/gtest.h>

namespace infra::email {
namespace {

std::vector<std::string> paths(std::string_view name, std::string_view locale) {
    std::vector<std::string> all;
    for (const auto& each : candidates(name, locale))
        all.push_back(each.path);
    return all;
}

using list = std::vector<std::string>;

TEST(Locate, GoesFromTheLocaleToItsLanguageToEnglishToNone) {
    EXPECT_EQ(paths("welcome", "pt-BR"), (list{"pt-BR/welcome.md", "pt/welcome.md", "en/welcome.md", "welcome.md"}));
    EXPECT_EQ(paths("welcome", "zh-Hant-TW"),
              (list{"zh-Hant-TW/welcome.md", "zh-Hant/welcome.md", "zh/welcome.md", "en/welcome.md", "welcome.md"}));
    EXPECT_EQ(paths("welcome", "en-GB"), (list{"en-GB/welcome.md", "en/welcome.md", "welcome.md"}));
    EXPECT_EQ(paths("welcome", ""), (list{"welcome.md", "en/welcome.md"}));
    EXPECT_EQ(paths("account/welcome", "de"),
              (list{"de/account/welcome.md", "en/account/welcome.md", "account/welcome.md"}));
}

TEST(Locate, SpellsLocalesTheUsualWay) {
    EXPECT_EQ(paths("w", "pt_br"), paths("w", "pt-BR"));
    EXPECT_EQ(paths("w", "ZH-hANT-tw"), paths("w", "zh-Hant-TW"));
}

TEST(Locate, NeverLeavesTheDirectory) {
    for (const auto* name : {"", ".", "..", "../x", "a/../b", "/etc/passwd", "a//b", "a/", "/a", "a.b", "a\\b", "a b",
                             "a%2e", "\xc3\xa4", "a\n"})
        EXPECT_EQ(failure_of([&] { candidates(name, ""); }).code, infra::errc::invalid_input) << name;
    EXPECT_EQ(failure_of([] { candidates(std::string_view("a\0b", 3), ""); }).code, infra::errc::invalid_input);
    EXPECT_EQ(failure_of([] { candidates(std::string(129, 'a'), ""); }).code, infra::errc::invalid_input);
    for (const auto* locale : {"..", "../en", "/", "e n", "-", "en-", "toolonglanguage", "en/x"})
        EXPECT_EQ(failure_of([&] { candidates("a", locale); }).code, infra::errc::invalid_input) << locale;
    for (const auto* layout : {"..", "../../x", ""})
        EXPECT_EQ(failure_of([&] { layout_path(layout); }).code, infra::errc::invalid_input) << layout;
}

email_template load_from(const std::string& directory, const std::string& name, const std::string& locale) {
    return *template_cache(real_clock()).get(directory, name, locale);
}

TEST(Load, TakesTheBestFileThatIsThere) {
    const temporary_folder folder;
    folder.write("welcome.md", "none");
    folder.write("en/welcome.md", "english");
    folder.write("pt/welcome.md", "portuguese");
    const auto body = [&](const char* locale) { return load_from(folder.string(), "welcome", locale).body; };
    EXPECT_EQ(body("pt-BR"), "portuguese");
    EXPECT_EQ(body("de"), "english");
    EXPECT_EQ(body(""), "none");
    EXPECT_EQ(load_from(folder.string(), "welcome", "pt-BR").locale, "pt");
    EXPECT_EQ(load_from(folder.string(), "welcome", "").locale, "");
}

TEST(Load, ListsThePathsItTried) {
    const auto [code, sentence] = failure_of([] { load_from("/nowhere/emails", "welcome", "pt-BR"); });
    EXPECT_EQ(code, errc::no_template);
    EXPECT_EQ(sentence,
              "no template welcome: tried /nowhere/emails/pt-BR/welcome.md, /nowhere/emails/pt/welcome.md, "
              "/nowhere/emails/en/welcome.md, /nowhere/emails/welcome.md; write one of these files, or set the "
              "directory of templates");
}

TEST(Load, ReadsTheLayoutThatIsNamed) {
    const temporary_folder folder;
    folder.write("a.md", "---\nlayout: plain\n---\nB");
    EXPECT_EQ(failure_of([&] { load_from(folder.string(), "a", ""); }).sentence,
              "the template a: no layout plain: tried " + folder.string() + "/layouts/plain.html");
    folder.write("layouts/plain.html", "<main>{{content}}</main>");
    EXPECT_EQ(load_from(folder.string(), "a", "").layout_html, "<main>{{content}}</main>");
    folder.write("layouts/plain.html", "<main>caf\xe9 {{content}}</main>");
    EXPECT_EQ(failure_of([&] { load_from(folder.string(), "a", ""); }).sentence,
              "the template a: the layout " + folder.string() + "/layouts/plain.html is not UTF-8 or over 1 MiB");
    folder.write("b.md", "---\nlayout: ../../etc/passwd\n---\nB");
    EXPECT_EQ(failure_of([&] { load_from(folder.string(), "b", ""); }).code, infra::errc::invalid_input);
}

TEST(Load, SaysSoWhenAFileCannotBeRead) {
    const temporary_folder folder;
    std::filesystem::create_directory(folder / "a.md");
    EXPECT_EQ(failure_of([&] { load_from(folder.string(), "a", ""); }).code, infra::errc::io);
}

} // namespace
} // namespace infra::email
