// What we compose, read by somebody else: Python's `email` package finds every part equal and no defect.

#include <infra/email/mime.hpp>

#include "tests/python_mail.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace infra::email {
namespace {

mail make_mail(mail m = {}) {
    m.id = "0190-test";
    m.date = std::chrono::sys_days(std::chrono::January / 1 / 2026);
    if (m.from.email().empty())
        m.from = "Shop <shop@example.org>";
    if (m.to.empty())
        m.to = {"ann@example.org"};
    if (m.subject.empty())
        m.subject = "Hi";
    if (m.text.empty() && m.html.empty())
        m.text = "Hello";
    return m;
}

std::vector<text_pair> pairs(const std::vector<address>& list) {
    std::vector<text_pair> all;
    for (const auto& each : list)
        all.emplace_back(each.name(), each.email());
    return all;
}

const std::string every_byte = [] {
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    return all;
}();

TEST(ParseBack, FindsTheLevelsThatTheMailNeedsAndNoMore) {
    const attachment file{.filename = "a.pdf", .content = "x"};
    const attachment image{.filename = "a.png", .content = "x", .content_id = "logo"};
    const std::pair<mail, std::string> table[] = {
        {{.text = "t"}, "text/plain"},
        {{.html = "h"}, "text/html"},
        {{.html = "h", .text = "t"}, "multipart/alternative text/plain text/html"},
        {{.text = "t", .attachments = {file}}, "multipart/mixed text/plain application/pdf"},
        {{.html = "h", .text = "t", .attachments = {image}},
         "multipart/related multipart/alternative text/plain text/html image/png"},
        {{.html = "h", .text = "t", .attachments = {file, image, file}},
         "multipart/mixed multipart/related multipart/alternative text/plain text/html image/png application/pdf "
         "application/pdf"},
    };
    std::vector<mail> mails;
    for (const auto& [each, tree] : table)
        mails.push_back(make_mail(each));
    const auto read = read_back(mails);
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(read[i].tree, table[i].second);
        EXPECT_EQ(read[i].defects, std::vector<std::string>{});
    }
}

TEST(ParseBack, FindsEveryPartEqual) {
    const auto subject = "Caf\xc3\xa9 \xf0\x9f\x98\x80 " + std::string(150, 'x') + " and the rest of a long subject";
    const auto text =
        "caf\xc3\xa9 = 1\n.\n..\nFrom here\n\ttab \n" + std::string(500, 'y') + " \n--=_alternative_0190-test--\nend";
    const auto sent = make_mail({
        .from = address::named("M\xc3\xbcller, J\xc3\xb6rg \"JM\"", "shop@example.org"),
        .to = {address::named("Lee, Ann", "ann@example.org"), "bob@example.org",
               address::named(std::string(200, 'n') + " x", "cy@example.org")},
        .cc = {address::named("\xe6\x9d\x8e\xe9\x9b\xb7", "li@example.org")},
        .bcc = {"hidden@example.org"},
        .reply_to = {address::named("Help (desk)", "help@example.org")},
        .subject = subject,
        .html = "<p>" + text + "</p>",
        .text = text,
        .attachments = {{.filename = "r\xc3\xa9sum\xc3\xa9 " + std::string(80, 'z') + ".pdf", .content = every_byte},
                        {.filename = "a;b \"c\".csv", .content = "1,2\n"},
                        {.filename = "empty.bin"},
                        {.filename = "logo.png", .content = every_byte, .content_id = "logo@shop"}},
        .headers = {{"X-Shop", "\xc3\xa9"
                               "1"},
                    {"List-Unsubscribe", "<https://example.org/u?" + std::string(100, 'q') + ">"}},
    });
    const auto read = read_back({sent}).at(0);
    EXPECT_EQ(read.defects, std::vector<std::string>{});
    EXPECT_EQ(read.header("Subject"), subject);
    EXPECT_EQ(read.header("X-Shop"), "\xc3\xa9"
                                     "1");
    EXPECT_EQ(read.header("List-Unsubscribe"), sent.headers.at("List-Unsubscribe"));
    EXPECT_EQ(read.header("Date"), "Thu, 01 Jan 2026 00:00:00 +0000");
    EXPECT_EQ(read.header("Message-ID"), "<0190-test@example.org>");
    EXPECT_EQ(read.header("MIME-Version"), "1.0");
    EXPECT_EQ(read.addresses.at("From"), pairs({sent.from}));
    EXPECT_EQ(read.addresses.at("To"), pairs(sent.to));
    EXPECT_EQ(read.addresses.at("Cc"), pairs(sent.cc));
    EXPECT_EQ(read.addresses.at("Reply-To"), pairs(sent.reply_to));

    ASSERT_EQ(read.leaves.size(), 6U);
    EXPECT_EQ(read.leaves[0].type, "text/plain"); // the last of alternatives is the one shown
    EXPECT_EQ(read.leaves[0].charset, "utf-8");
    EXPECT_EQ(read.leaves[0].content, text);
    EXPECT_EQ(read.leaves[1].content, "<p>" + text + "</p>");
    EXPECT_EQ(read.leaves[2].cid, "<logo@shop>");
    EXPECT_EQ(read.leaves[2].disposition, "inline");
    EXPECT_EQ(read.leaves[2].filename, "logo.png");
    EXPECT_EQ(read.leaves[3].disposition, "attachment");
    EXPECT_EQ(read.leaves[3].filename, sent.attachments[0].filename);
    EXPECT_EQ(read.leaves[3].content, encoding::hex_encode(every_byte));
    EXPECT_EQ(read.leaves[4].filename, sent.attachments[1].filename);
    EXPECT_EQ(read.leaves[4].type, "text/csv");
    EXPECT_EQ(read.leaves[5].content, "");
}

TEST(ParseBack, FindsBccInTheSendersCopyAlone) {
    const auto sent = make_mail({.bcc = {"hidden@example.org"}});
    EXPECT_EQ(read_back({sent}).at(0).header("Bcc"), "(absent)");
    EXPECT_EQ(to_mime(sent).find("hidden"), std::string::npos);
    EXPECT_EQ(read_back({sent}, {.senders_copy = true}).at(0).addresses.at("Bcc"), pairs(sent.bcc));
}

// Each a recipient's name: one recipient is read, by that name, and nothing beside.
TEST(ParseBack, FindsAnyNameAsOneRecipient) {
    const std::vector<std::string> names{"Ann",
                                         "Lee, Ann",
                                         "a@b.org, Bo <c@d.org>",
                                         "<evil@example.org>",
                                         "\"",
                                         "\\",
                                         "\\\"",
                                         "(note)",
                                         "Ann; Bo:",
                                         "Team: a@b.org, c@d.org;",
                                         "=?UTF-8?Q?evil?=",
                                         "O'Neil",
                                         ".",
                                         "Dr. Who",
                                         "[x]",
                                         "\xe6\x9d\x8e",
                                         "J\xc3\xb6rg",
                                         "\xf0\x9f\x98\x80",
                                         "x\x01y",
                                         "=",
                                         "?=",
                                         "a =?b?= c",
                                         "\xc3\xa9, <x@y.org>",
                                         "@",
                                         "\"Ann\" <x@y.org>",
                                         "very long " + std::string(60, 'a') + " " + std::string(60, 'b') +
                                             " name \xc3\xa9",
                                         std::string(100, 'c') + ", " + std::string(100, 'd')};
    std::vector<mail> mails;
    for (const auto& each : names)
        mails.push_back(make_mail({.to = {address::named(each, "ann@example.org"), "bob@example.org"}}));
    const auto read = read_back(mails);
    for (std::size_t i = 0; i < names.size(); ++i)
        EXPECT_EQ(read[i].addresses.at("To"), pairs(mails[i].to)) << encoding::hex_encode(names[i]);
}

TEST(ParseBack, FindsSubjectsAndTextsOfAnyCharactersEqual) {
    static constexpr std::string_view pieces[] = {"a",
                                                  "word",
                                                  " ",
                                                  "=",
                                                  "?",
                                                  "=?",
                                                  "?=",
                                                  "_",
                                                  "\xc3\xa9",
                                                  "\xe6\x9d\x8e",
                                                  "\xf0\x9f\x98\x80",
                                                  ".",
                                                  ",",
                                                  "\"",
                                                  "\\",
                                                  "<",
                                                  "(",
                                                  ":",
                                                  "aaaaaaaaaaaaaaaaaaaa",
                                                  "=3D",
                                                  "=20",
                                                  "-",
                                                  "--"};
    std::mt19937_64 lots(11); // the same ones in every run
    std::vector<mail> mails;
    const int count = std::getenv("INFRA_TEST_LONG") ? 1000 : 100;
    for (int i = 0; i < count; ++i) {
        std::string line = "x", text;
        for (auto n = lots() % 60; n > 0; --n) {
            line += pieces[lots() % std::size(pieces)];
            text += pieces[lots() % std::size(pieces)];
            text += lots() % 8 == 0 ? "\n" : "";
        }
        mails.push_back(make_mail({.subject = line + "x", .text = "x" + text + "x"}));
    }
    const auto read = read_back(mails);
    for (std::size_t i = 0; i < mails.size(); ++i) {
        EXPECT_EQ(read[i].header("Subject"), mails[i].subject);
        EXPECT_EQ(read[i].leaves.at(0).content, mails[i].text + "\n"); // alone, its last line has an end too
        EXPECT_EQ(read[i].defects, std::vector<std::string>{}) << mails[i].subject;
    }
}

TEST(ParseBack, FindsANameThatTurnsNoAddressAround) {
    const auto read =
        read_back({make_mail({.to = {address::named("\u202egro.elpmaxe@eciffo", "eve@example.org")}})}).at(0);
    EXPECT_EQ(read.addresses.at("To"), (std::vector<text_pair>{{"\u202egro.elpmaxe@eciffo\u202c", "eve@example.org"}}));
}

TEST(ParseBack, FindsLongWordsAndNamesEqual) {
    std::vector<mail> mails;
    for (const auto& text :
         {std::string(1200, 'x'), "short " + std::string(300, 'y') + " end", std::string(72, 'z') + " end",
          std::string(1200, '"'), "Lee, " + std::string(200, 'l'), std::string(400, '\\') + " \xc3\xa9"})
        mails.push_back(make_mail({.from = address::named(text, "shop@example.org"),
                                   .to = {"bob@example.org", address::named(text, "ann@example.org")},
                                   .subject = text}));
    const auto read = read_back(mails);
    for (std::size_t i = 0; i < mails.size(); ++i) {
        EXPECT_EQ(read[i].defects, std::vector<std::string>{});
        EXPECT_EQ(read[i].header("Subject"), mails[i].subject);
        EXPECT_EQ(read[i].addresses.at("From"), pairs({mails[i].from}));
        EXPECT_EQ(read[i].addresses.at("To"), pairs(mails[i].to));
    }
}

TEST(ParseBack, NeedsNoLineThatIsTooLongAndNoBareLineEnd) {
    const auto bytes = to_mime(make_mail({
        .to = {address::named(std::string(70, 'n') + " \xc3\xa9", "ann@example.org"), "bob@example.org"},
        .subject = "\xc3\xa9" + std::string(3000, 's'),
        .html = std::string(5000, 'h') + "\r\r\n\n",
        .text = std::string(5000, 't') + "\n\r",
        .attachments = {{.filename = std::string(500, 'f'), .content = every_byte}},
    }));
    for (std::string_view rest = bytes; !rest.empty();) {
        const auto end = rest.find_first_of("\r\n");
        ASSERT_LE(end, 78U) << rest.substr(0, 100);
        ASSERT_EQ(rest.substr(end, 2), "\r\n");
        rest.remove_prefix(end + 2);
    }
}

} // namespace
} // namespace infra::email
