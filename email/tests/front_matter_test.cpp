#include <infra/email/template.hpp>

#include "tests/support.hpp"

#include <infra/email/error.hpp>

#include <gtest/gtest.h>

namespace infra::email {
namespace {

TEST(FrontMatter, GivesSubjectPreheaderSenderAndLayout) {
    const auto t = parse_template("---\nsubject: Hi {{name}}\npreheader:  soon \nfrom: Shop <s@x.org>\nlayout: plain\n"
                                  "other: ignored\n# comment\n---\n\nBody\n\n",
                                  "welcome");
    EXPECT_EQ(t.name, "welcome");
    EXPECT_EQ(t.subject, "Hi {{name}}");
    EXPECT_EQ(t.preheader, "soon");
    EXPECT_EQ(t.from, "Shop <s@x.org>");
    EXPECT_EQ(t.layout, "plain");
    EXPECT_EQ(t.body, "Body");
}

TEST(FrontMatter, MayBeAbsent) {
    for (const auto* text : {"Only *a* body\n", "\n---\nsubject: too late\n---\n", "----\nx\n", ""}) {
        const auto t = parse_template(text);
        EXPECT_EQ(t.subject, "(No subject)") << text;
        EXPECT_EQ(t.preheader, "");
    }
    EXPECT_EQ(parse_template("Only *a* body\n").body, "Only *a* body");
}

TEST(FrontMatter, IsReadFromFilesOfEveryEditor) {
    for (const auto* text :
         {"---\r\nsubject: S\r\n---\r\nB\r\n", "\xef\xbb\xbf---\nsubject: S\n---\nB", "--- \nsubject: S\n---\t\nB",
          "---\nsubject: \"S\"\n---\nB", "---\nsubject: 'S'\n---\nB"}) {
        EXPECT_EQ(parse_template(text).subject, "S") << text;
        EXPECT_EQ(parse_template(text).body, "B") << text;
    }
    EXPECT_EQ(parse_template("---\nsubject: S\n---").subject, "S");
    EXPECT_EQ(parse_template("---\n---\nB").subject, "(No subject)");
    EXPECT_EQ(parse_template("---\nsubject:\npreheader: P\n---\nB").subject, "(No subject)");
    EXPECT_EQ(parse_template("---\nsubject: a: b\n---\n").subject, "a: b");
}

TEST(FrontMatter, MustBeClosed) {
    const auto [code, sentence] = failure_of([] { parse_template("---\nsubject: S\nBody", "welcome"); });
    EXPECT_EQ(code, errc::bad_template);
    EXPECT_EQ(sentence, "the template welcome, line 1: the front matter is not closed; end it with a line ---");
}

TEST(FrontMatter, GivesEachOfItsFieldsOnce) {
    for (const std::string key : {"subject", "preheader", "from", "layout"}) {
        const auto [code, sentence] = failure_of(
            [&] { parse_template("---\n" + key + ": a\nother: 1\nother: 2\n" + key + ":\n---\nBody", "welcome"); });
        EXPECT_EQ(code, errc::bad_template) << key;
        EXPECT_EQ(sentence, "the template welcome, line 5: " + key + " is given a second time; keep one of them");
    }
}

TEST(FrontMatter, NamesASenderThatCanBeOne) {
    for (const std::string from : {"Shop", "a@x.org, Shop <s@x.org>", "{{name}} <s@x>"}) {
        const auto [code, sentence] = failure_of([&] { parse_template("---\nfrom: " + from + "\n---\nB", "welcome"); });
        EXPECT_EQ(code, errc::bad_template) << from;
        EXPECT_EQ(sentence, "the template welcome: from is not an email address; expected hello@example.org or Shop "
                            "<hello@example.org>");
    }
}

TEST(Template, NamesTheLineOfAnOpenPlace) {
    const auto [code, sentence] =
        failure_of([] { parse_template("---\nsubject: S\n---\n\nfine {{a}}\nbad {{b\n", "welcome"); });
    EXPECT_EQ(code, errc::bad_template);
    EXPECT_NE(sentence.find("the template welcome, line 6: {{ is not closed"), std::string::npos) << sentence;
    EXPECT_EQ(failure_of([] { parse_template("---\nsubject: {{a\n---\nB"); }).code, errc::bad_template);
}

TEST(Template, MustBeReadable) {
    EXPECT_EQ(failure_of([] { parse_template("caf\xe9"); }).sentence, "the template template: it is not UTF-8");
    EXPECT_EQ(failure_of([] { parse_template(std::string(1024 * 1024 + 1, 'x')); }).sentence,
              "the template template: it is over 1 MiB");
}

TEST(Template, SurvivesAnyBytes) {
    std::string alphabet = "-{}\\ \n:[]()<>*_`|#&;\"'a\xc3\xa4\xee\x80\x80\xee\x80\x81";
    for (int round = 0; round < 3000; ++round) {
        std::string text = round % 2 ? "---\n" : "";
        for (auto size = random_u64() % 60; size > 0; --size)
            text += alphabet[random_u64() % alphabet.size()];
        try {
            render_template(parse_template(text), {{"a", "<x>"}});
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_template) << text;
        }
    }
}

} // namespace
} // namespace infra::email
