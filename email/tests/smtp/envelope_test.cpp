#include "src/smtp/envelope.hpp"

#include "tests/smtp/support.hpp"

#include <infra/email/mime.hpp>

#include <gtest/gtest.h>

namespace infra::email::smtp {
namespace {

TEST(SmtpEnvelope, NamesEachRecipientOnce) {
    const auto e =
        envelope_of(make_mail({.to = {"a@x.org", "Bo <b@x.org>"}, .cc = {"a@x.org", "c@x.org"}, .bcc = {"d@x.org"}}));
    EXPECT_EQ(e.from, "shop@x.org");
    std::string all;
    for (const auto& each : e.to)
        all.append(each.email).append(" ").append(each.field).append(std::to_string(each.number)).append(", ");
    EXPECT_EQ(all, "a@x.org to1, b@x.org to2, c@x.org cc2, d@x.org bcc1, ");
}

TEST(SmtpEnvelope, LetsNoCommandIn) {
    for (const auto* bad :
         {"a@x.org>\r\nRCPT TO:<e@x.org", "a@x.org\n", "<a@x.org>", "a b@x.org", "a@x.org> SIZE=1", "a"}) {
        EXPECT_EQ(failure_of([&] { envelope_of(make_mail({.to = {address::named("", bad)}})); }).code,
                  errc::bad_address);
        EXPECT_EQ(failure_of([&] { envelope_of(make_mail({.from = address::named("", bad)})); }).code,
                  errc::bad_address);
    }
    auto nobody = make_mail();
    nobody.to.clear();
    EXPECT_EQ(failure_of([&] { envelope_of(nobody); }).code, errc::bad_address);
}

TEST(SmtpEnvelope, IsTwoKindsOfCommand) {
    const envelope e{.from = "s@x.org", .to = {{"a@x.org", "to", 1}, {"b@x.org", "to", 2}}};
    EXPECT_EQ(introductions(e, 7, {}),
              (std::vector<std::string>{"MAIL FROM:<s@x.org>\r\n", "RCPT TO:<a@x.org>\r\n", "RCPT TO:<b@x.org>\r\n"}));
    EXPECT_EQ(introductions(e, 7, {.size = true}).front(), "MAIL FROM:<s@x.org> SIZE=7\r\n");
}

TEST(SmtpContent, DoublesTheDotsThatBeginLines) {
    const std::pair<const char*, const char*> table[] = {
        {"", ""},
        {"a\r\n", "a\r\n"},
        {".\r\n", "..\r\n"},
        {"..a\r\n.b.\r\n", "...a\r\n..b.\r\n"},
        {"a.\r\n\r\n.\r\n", "a.\r\n\r\n..\r\n"},
        {"a", "a"},
        {".", ".."},
    };
    for (const auto& [plain, expected] : table)
        EXPECT_EQ(stuffed(plain), expected) << plain;
}

TEST(SmtpContent, EndsWithALineOfOneDotAndHidesBlindCopies) {
    const auto m = make_mail({.bcc = {"secret@x.org"}, .tags = {{"list", "vip"}}});
    const auto content = content_of(m, "");
    EXPECT_EQ(content, stuffed(to_mime(m)) + ".\r\n");
    EXPECT_TRUE(content.ends_with("\r\n.\r\n"));
    EXPECT_EQ(content.find("secret"), std::string::npos);
    EXPECT_EQ(content.find("vip"), std::string::npos);
}

TEST(SmtpContent, TellsTheKeyOnlyToAServerThatKeepsIt) {
    const auto m = make_mail({.idempotency_key = "order-7"});
    EXPECT_EQ(content_of(m, "").find("order-7"), std::string::npos);
    EXPECT_NE(content_of(m, "Resend-Idempotency-Key").find("\r\nResend-Idempotency-Key: order-7\r\n"),
              std::string::npos);
    EXPECT_NE(content_of(make_mail(), "K").find("\r\nK: " + make_mail().id + "\r\n"), std::string::npos);
}

TEST(SmtpContent, HashesAKeyThatNoFieldHolds) {
    for (const std::string bad : {"a b", "ä", "a\r\nBcc: e@x.org", "a\n"}) {
        const auto key = key_for_header(make_mail({.idempotency_key = bad}));
        EXPECT_EQ(key.size(), 36U) << key;
        EXPECT_EQ(key, key_for_header(make_mail({.idempotency_key = bad})));
    }
    EXPECT_EQ(key_for_header(make_mail({.idempotency_key = std::string(257, 'k')})).size(), 36U);
}

} // namespace
} // namespace infra::email::smtp
