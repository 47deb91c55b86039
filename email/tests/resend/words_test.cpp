#include "src/resend/words.hpp"

#include "tests/resend/mock.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

namespace infra::email::resend {
namespace {

std::string shown_of(std::string_view words) {
    mail m = make_mail();
    m.to = {"Ann Lee <ann@example.org>", "Art <art@example.org>"};
    m.bcc = {address::named("Secret, Bo", "bo@example.com")};
    m.reply_to = {"J\xc3\xb6rg <j@example.org>"};
    const mail* const one = &m;
    return shown(words, {&one, 1});
}

TEST(ResendWords, KeepWhatAPersonNeeds) {
    for (const std::string words :
         {"Missing `from` field.", "The shop.example domain is not verified. Please, add and verify your domain.",
          "You can only make 5 requests per second. See https://example.com/docs?x=1&y=2", "Too many (2 > 1)"})
        EXPECT_EQ(shown_of(words), words);
}

TEST(ResendWords, NameNobody) {
    const std::pair<std::string, std::string> table[] = {
        {"Invalid `to` field: ann@example.org", "Invalid `to` field: …"},
        {"<ann@example.org>, other.one+x@mail.example.com; bad", "<…>, …; bad"},
        {"\"Ann Lee <ann@example.org>\" is bad", "\"… <…>\" is bad"},
        {"Secret, Bo is on the suppression list", "… is on the suppression list"},
        {"J\xc3\xb6rg and Art, but part of Arthur", "… and …, but part of Arthur"},
        {"\xc3\xbc@b\xc3\xbc"
         "cher.example",
         "…"},
        {"mailto:ann@example.org", "mailto:…"},
        {"@ alone", "… alone"},
        {"a@b", "…"},
        {"key re_AbC123_xyz is invalid; more re_ and fire_wall", "key re_… is invalid; more re_… and fire_wall"},
    };
    for (const auto& [words, left] : table)
        EXPECT_EQ(shown_of(words), left);
}

TEST(ResendWords, AreOneShortLineOfText) {
    EXPECT_EQ(shown_of(" a\r\n\tb\x01\x7f c"), "a b c");
    EXPECT_EQ(shown_of("a\xc2\x9b"
                       "31m\xc2\x80\xc2\xa0\xc3\x80"),
              "a 31m \xc2\xa0\xc3\x80");
    EXPECT_EQ(shown_of("\xff"), "\xef\xbf\xbd");
    const auto cut = shown_of(std::string(299, 'x') + "\xe2\x82\xac\xe2\x82\xac");
    EXPECT_LE(cut.size(), 300u);
    EXPECT_TRUE(cut.ends_with("…"));
    EXPECT_TRUE(encoding::is_utf8(cut));
    for (std::size_t size = 280; size < 320; ++size)
        EXPECT_TRUE(encoding::is_utf8(
            shown_of(std::string(size, 'x') + "\xf0\x9f\x98\x80\xf0\x9f\x98\x80" + std::string(40, 'y'))));
    EXPECT_LE(shown_of(std::string(10 << 20, '@')).size(), 300u);
}

} // namespace
} // namespace infra::email::resend
