#include <infra/email/mime.hpp>

#include "src/mime/content_type.hpp"
#include "tests/support.hpp"

#include <gtest/gtest.h>

namespace infra::email {
namespace {

mail make_mail() {
    return {.id = "0193-id",
            .date = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 3)) + std::chrono::hours(4),
            .from = "Shop <hello@shop.example>",
            .to = {"ann@example.org"},
            .subject = "Hi",
            .html = "<p>Grüße</p>\n",
            .text = "Grüße\n"};
}

TEST(Mime, IsAlternativeWithTextFirst) {
    EXPECT_EQ(to_mime(make_mail()), "Date: Tue, 03 Nov 2026 04:00:00 +0000\r\n"
                                    "From: Shop <hello@shop.example>\r\n"
                                    "To: ann@example.org\r\n"
                                    "Subject: Hi\r\n"
                                    "Message-ID: <0193-id@shop.example>\r\n"
                                    "MIME-Version: 1.0\r\n"
                                    "Content-Type: multipart/alternative; boundary=\"=_alternative_0193-id\"\r\n"
                                    "\r\n"
                                    "--=_alternative_0193-id\r\n"
                                    "Content-Type: text/plain; charset=utf-8\r\n"
                                    "Content-Transfer-Encoding: quoted-printable\r\n"
                                    "\r\n"
                                    "Gr=C3=BC=C3=9Fe\r\n"
                                    "\r\n"
                                    "--=_alternative_0193-id\r\n"
                                    "Content-Type: text/html; charset=utf-8\r\n"
                                    "Content-Transfer-Encoding: quoted-printable\r\n"
                                    "\r\n"
                                    "<p>Gr=C3=BC=C3=9Fe</p>\r\n"
                                    "\r\n"
                                    "--=_alternative_0193-id--\r\n");
}

TEST(Mime, IsASinglePartWhenThereIsOnlyOne) {
    auto m = make_mail();
    m.html.clear();
    const auto text = to_mime(m);
    EXPECT_NE(text.find("\r\nContent-Type: text/plain; charset=utf-8\r\n"), std::string::npos);
    EXPECT_EQ(text.find("multipart"), std::string::npos);
    m = make_mail();
    m.text.clear();
    EXPECT_NE(to_mime(m).find("\r\nContent-Type: text/html; charset=utf-8\r\n"), std::string::npos);
}

TEST(Mime, ShowsBlindCopiesOnlyWhenAsked) {
    auto m = make_mail();
    m.bcc = {"secret@example.org"};
    EXPECT_EQ(to_mime(m).find("secret@example.org"), std::string::npos);
    EXPECT_NE(to_mime(m, {.senders_copy = true}).find("\r\nBcc: secret@example.org\r\n"), std::string::npos);
}

TEST(Mime, NestsInlineAndAttachedFiles) {
    auto m = make_mail();
    m.attachments = {{.filename = "logo.png", .content = "png", .content_id = "logo"},
                     {.filename = "terms.pdf", .content = "pdf"}};
    const auto text = to_mime(m);
    const auto mixed = text.find("multipart/mixed"), related = text.find("multipart/related"),
               alternative = text.find("multipart/alternative"), logo = text.find("Content-ID: <logo>"),
               terms = text.find("Content-Disposition: attachment; filename=terms.pdf");
    EXPECT_LT(mixed, related);
    EXPECT_LT(related, alternative);
    EXPECT_LT(alternative, logo);
    EXPECT_LT(logo, terms);
    EXPECT_NE(terms, std::string::npos);
    EXPECT_NE(text.find("Content-Type: image/png\r\n"), std::string::npos);
}

TEST(Mime, KeepsTagsFromRecipients) {
    auto m = make_mail();
    m.tags = {{"campaign", "win-back"}};
    EXPECT_EQ(to_mime(m).find("win-back"), std::string::npos);
    EXPECT_NE(to_mime(m, {.senders_copy = true}).find("\r\nX-Tag: campaign=win-back\r\n"), std::string::npos);
}

TEST(Mime, WritesFurtherFields) {
    auto m = make_mail();
    m.cc = {"c@example.org"};
    m.reply_to = {"r@example.org"};
    m.headers = {{"List-Unsubscribe", "<https://shop.example/u>, <mailto:u@shop.example>"}};
    const auto text = to_mime(m);
    for (const auto* line : {"\r\nCc: c@example.org\r\n", "\r\nReply-To: r@example.org\r\n",
                             "\r\nList-Unsubscribe: <https://shop.example/u>, <mailto:u@shop.example>\r\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line;
}

TEST(Mime, HasNoBareLineBreaksAndNoLongLines) {
    auto m = make_mail();
    m.subject = std::string(300, 'x') + " ü\xff";
    m.text = "a\nb\rc\r\n" + std::string(5000, 'x') + "\n.\n";
    m.html = std::string(5000, 'y') + "\x01";
    m.attachments = {{.filename = "ü" + std::string(200, 'z'), .content = std::string(1000, '\n')}};
    const auto text = to_mime(m);
    for (std::size_t i = 0, begin = 0; i < text.size(); ++i) {
        if (text[i] == '\r') {
            EXPECT_EQ(text[i + 1], '\n');
        }
        if (text[i] != '\n')
            continue;
        EXPECT_EQ(text[i - 1], '\r');
        EXPECT_LE(i - 1 - begin, 78u) << text.substr(begin, i - begin);
        begin = i + 1;
    }
}

TEST(ContentType, IsKnownByTheEnding) {
    EXPECT_EQ(mime::content_type_of("a.PDF"), "application/pdf");
    EXPECT_EQ(mime::content_type_of("archive.tar.gz"), "application/gzip");
    EXPECT_EQ(mime::content_type_of("README"), "application/octet-stream");
    EXPECT_TRUE(mime::is_content_type("image/svg+xml"));
    for (const auto* bad : {"", "image", "image/", "/png", "image/png; name=x", "a/b\r\nX: y", "a/b/c",
                            "multipart/mixed", "Message/RFC822"})
        EXPECT_FALSE(mime::is_content_type(bad)) << bad;
}

} // namespace
} // namespace infra::email
