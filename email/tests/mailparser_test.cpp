// What we compose, read by npm's mailparser: every part equal.

#include "tests/peer.hpp"
#include "tests/support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/mime.hpp>

#include <gtest/gtest.h>

#include <map>

namespace infra::email {
namespace {

struct read_file {
    std::string filename{}, type{}, disposition{}, cid{}, content{};
};
BOOST_DESCRIBE_STRUCT(read_file, (), (filename, type, disposition, cid, content))

using pairs = std::vector<std::pair<std::string, std::string>>; // name, email

struct read_mail {
    std::string subject{}, message_id{}, html{}, text{};
    std::map<std::string, pairs> addresses{};
    std::map<std::string, std::string> headers{};
    std::vector<read_file> files{};
};
BOOST_DESCRIBE_STRUCT(read_mail, (), (subject, message_id, html, text, addresses, headers, files))

std::vector<read_mail> read_back(const std::vector<mail>& mails) {
    const temporary_folder folder;
    std::string paths;
    for (std::size_t i = 0; i < mails.size(); ++i) {
        const auto name = std::to_string(i) + ".eml";
        folder.write(name, to_mime(mails[i]));
        paths += " '" + (folder / name).string() + "'";
    }
    const auto text = json::to_text(peer::output_of("mailparser.mjs", paths));
    return json::parse<std::vector<read_mail>>(text, {.max_bytes = text.size() + 1, .max_depth = 16}).value();
}

pairs pairs_of(const std::vector<address>& list) {
    pairs all;
    for (const auto& each : list)
        all.emplace_back(each.name(), each.email());
    return all;
}

mail make_mail() {
    return {.id = "0190-test",
            .date = std::chrono::sys_days(std::chrono::January / 1 / 2026),
            .from = "Shop <shop@example.org>",
            .to = {"ann@example.org"},
            .subject = "Hi",
            .html = "<p>h\xc3\xa9</p>\n",
            .text = "t\xc3\xa9\n"};
}

TEST(Mailparser, FindsEveryPartEqual) {
    if (const auto why = peer::missing("mailparser"); !why.empty())
        GTEST_SKIP() << why;
    auto sent = make_mail();
    sent.from = address::named("M\xc3\xbcller, J\xc3\xb6rg \"JM\"", "shop@example.org");
    sent.to = {address::named("Lee, Ann", "ann@example.org"), "bob@example.org"};
    sent.cc = {address::named("\xe6\x9d\x8e\xe9\x9b\xb7", "li@example.org")};
    sent.bcc = {"hidden@example.org"};
    sent.reply_to = {address::named("Help (desk)", "help@example.org")};
    sent.subject = "Caf\xc3\xa9 \xf0\x9f\x98\x80 " + std::string(150, 'x') + " and the rest of a long subject";
    sent.text =
        "caf\xc3\xa9 = 1\n.\n..\nFrom here\n\ttab \n" + std::string(500, 'y') + "\n--=_alternative_0190-test--\nend\n";
    sent.html = "<p>" + sent.text + "</p>\n";
    sent.attachments = {
        {.filename = "r\xc3\xa9sum\xc3\xa9 " + std::string(80, 'z') + ".pdf", .content = "\x01\xff\r\n"},
        {.filename = "a;b \"c\".csv", .content = "1,2\n"},
        {.filename = "logo.png", .content = std::string(300, '\0'), .content_id = "logo@shop"}};
    sent.headers = {
        {"List-Unsubscribe", "<https://example.org/u?" + std::string(100, 'q') + ">, <mailto:u@example.org>"},
        {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}};
    const auto read = read_back({sent}).at(0);
    EXPECT_EQ(read.subject, sent.subject);
    EXPECT_EQ(read.message_id, "<0190-test@example.org>");
    EXPECT_EQ(read.text, sent.text);
    EXPECT_EQ(read.html, sent.html);
    EXPECT_EQ(read.addresses.at("from"), pairs_of({sent.from}));
    EXPECT_EQ(read.addresses.at("to"), pairs_of(sent.to));
    EXPECT_EQ(read.addresses.at("cc"), pairs_of(sent.cc));
    EXPECT_EQ(read.addresses.at("bcc"), pairs());
    EXPECT_EQ(read.addresses.at("reply_to"), pairs_of(sent.reply_to));
    EXPECT_EQ(read.headers.at("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    std::map<std::string, read_file> files;
    for (const auto& each : read.files)
        files[each.filename] = each;
    ASSERT_EQ(files.size(), 3u);
    for (const auto& each : sent.attachments) {
        const auto& found = files[each.filename];
        EXPECT_EQ(found.content, encoding::hex_encode(each.content)) << each.filename;
        EXPECT_EQ(found.disposition, each.content_id.empty() ? "attachment" : "inline");
        EXPECT_EQ(found.cid, each.content_id.empty() ? "" : "<logo@shop>");
    }
}

TEST(Mailparser, FindsAnyNameAsOneRecipient) {
    if (const auto why = peer::missing("mailparser"); !why.empty())
        GTEST_SKIP() << why;
    const std::vector<std::string> names{"Ann",
                                         "Lee, Ann",
                                         "a@b.org, Bo <c@d.org>",
                                         "<evil@example.org>",
                                         "(note)",
                                         "Ann; Bo:",
                                         "=?UTF-8?Q?evil?=",
                                         "Dr. Who",
                                         "J\xc3\xb6rg",
                                         "\xc3\xa9, <x@y.org>",
                                         "very long " + std::string(60, 'a') + " name \xc3\xa9"};
    std::vector<mail> mails;
    for (const auto& each : names) {
        mails.push_back(make_mail());
        mails.back().to = {address::named(each, "ann@example.org"), "bob@example.org"};
    }
    const auto read = read_back(mails);
    for (std::size_t i = 0; i < names.size(); ++i)
        EXPECT_EQ(read[i].addresses.at("to"), pairs_of(mails[i].to)) << names[i];
}

} // namespace
} // namespace infra::email
