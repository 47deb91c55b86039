#include "src/mime/header.hpp"

#include "tests/support.hpp"

#include <infra/email/error.hpp>

#include <gtest/gtest.h>

namespace infra::email::mime {
namespace {

std::string field(std::string_view name, const words& value) {
    std::string made;
    append_field(made, name, value);
    return made;
}

// What a reader does first (RFC 5322 section 2.2.3).
std::string unfolded(std::string text) {
    for (auto at = text.find("\r\n "); at != std::string::npos; at = text.find("\r\n ", at))
        text.erase(at, 2);
    return text;
}

std::size_t longest_line(std::string_view text) {
    std::size_t longest = 0;
    while (!text.empty()) {
        const auto end = text.find("\r\n");
        longest = std::max(longest, end);
        text.remove_prefix(end + 2);
    }
    return longest;
}

TEST(Header, LeavesPlainTextAlone) {
    EXPECT_EQ(field("Subject", unstructured("Hello, \"world\" <x>  two spaces", 8)),
              "Subject: Hello, \"world\" <x>  two spaces\r\n");
    EXPECT_EQ(field("Subject", unstructured("", 8)), "Subject:\r\n");
    EXPECT_EQ(field("Subject", unstructured("  trimmed ", 8)), "Subject: trimmed\r\n");
}

TEST(Header, FoldsAtSpacesSoThatUnfoldingRestores) {
    std::string text;
    for (int i = 0; i < 60; ++i)
        text += "word" + std::string(static_cast<std::size_t>(i % 3 + 1), ' ');
    text += "end";
    const auto made = field("Subject", unstructured(text, 8));
    EXPECT_LE(longest_line(made), 78u);
    EXPECT_EQ(unfolded(made), "Subject: " + text + "\r\n");
}

TEST(Header, EncodesWhatIsNotPlain) {
    struct expectation {
        std::string text, encoded;
    };
    const expectation table[] = {
        {"Grüße", "=?UTF-8?B?R3LDvMOfZQ==?="},
        {"a café au lait", "=?UTF-8?Q?a_caf=C3=A9_au_lait?="},
        {"日本", "=?UTF-8?B?5pel5pys?="},
        {"=?UTF-8?Q?not_one?=", "=?UTF-8?B?PT9VVEYtOD9RP25vdF9vbmU/PQ==?="}, // must not be decoded by the reader
        {"tab\tinside text", "=?UTF-8?Q?tab=09inside_text?="},
        {"bad \xff bytes are", "=?UTF-8?Q?bad_=EF=BF=BD_bytes_are?="},
    };
    for (const auto& [text, encoded] : table)
        EXPECT_EQ(field("Subject", unstructured(text, 8)), "Subject: " + encoded + "\r\n") << text;
}

TEST(Header, EncodesAWordThatNoLineHolds) {
    for (const std::size_t size : {68u, 77u, 1200u}) {
        const auto made = field("Subject", unstructured("see " + std::string(size, 'x'), 8));
        EXPECT_LE(longest_line(made), 76u);
        EXPECT_EQ(made.find("=?UTF-8?Q?") == std::string::npos, size == 68u) << "only where it must";
    }
    EXPECT_LE(longest_line(field("To", mailboxes({address::named(std::string(1200, 'n'), "a@x.org")}, 3))), 76u);
    EXPECT_LE(longest_line(field("To", mailboxes({address::named("\"" + std::string(1200, 'n'), "a@x.org")}, 3))), 76u);
}

TEST(Header, BeginsOnItsFirstLine) {
    for (const auto& text :
         {std::string(1200, 'x'), std::string(72, 'y') + " z", std::string("\xc3\xbc") + std::string(200, 'u')}) {
        const auto subject = field("Subject", unstructured(text, 8));
        EXPECT_TRUE(subject.starts_with("Subject: =?UTF-8?Q?")) << subject;
        EXPECT_LE(longest_line(subject), 76u);
        const auto sender = field("From", mailboxes({address::named(text, "a@x.org")}, 4));
        EXPECT_TRUE(sender.starts_with("From: =?UTF-8?Q?")) << sender;
    }
    const auto id = "<" + std::string(80, 'i') + ">";
    EXPECT_EQ(field("Message-ID", {{"", id}}), "Message-ID: " + id + "\r\n") << "a word that cannot be encoded";
}

TEST(Header, SplitsEncodedWordsBetweenCharacters) {
    for (const auto* unit : {"ü", "日", "🎉", "aü"}) {
        std::string text;
        while (text.size() < 600)
            text += unit;
        const auto made = field("Subject", unstructured(text, 8));
        EXPECT_LE(longest_line(made), 76u) << unit;
        for (std::size_t at = made.find("=?"); at != std::string::npos; at = made.find("=?", made.find("?=", at + 10)))
            EXPECT_LE(made.find("?=", at + 10) + 2 - at, 75u) << unit;
    }
}

TEST(Header, WritesNamesAsAtomsQuotedOrEncoded) {
    EXPECT_EQ(field("To", mailboxes({"Ann Lee <a@x.org>", "b@x.org", "\"Cy, Inc.\" <c@x.org>"}, 3)),
              "To: Ann Lee <a@x.org>, b@x.org, \"Cy, Inc.\" <c@x.org>\r\n");
    EXPECT_EQ(field("To", mailboxes({address::named("Jörg", "j@x.org")}, 3)), "To: =?UTF-8?B?SsO2cmc=?= <j@x.org>\r\n");
    EXPECT_EQ(field("To", mailboxes({address::named("say \"hi\" \\ there", "j@x.org")}, 3)),
              "To: \"say \\\"hi\\\" \\\\ there\" <j@x.org>\r\n");
    EXPECT_EQ(field("To", mailboxes({address::named("Ann <evil@x.org>,", "a@x.org")}, 3)),
              "To: \"Ann <evil@x.org>,\" <a@x.org>\r\n");
}

TEST(Header, FoldsLongListsOfAddresses) {
    std::vector<address> list;
    for (int i = 0; i < 50; ++i)
        list.push_back(address::named("Somebody, Named", "somebody" + std::to_string(i) + "@example.org"));
    EXPECT_LE(longest_line(field("To", mailboxes(list, 3))), 78u);
}

TEST(Header, WritesParametersByRfc2231WhereTheyAreNotPlain) {
    EXPECT_EQ(field("X", parameter("filename", "a.txt")), "X: filename=a.txt\r\n");
    EXPECT_EQ(field("X", parameter("filename", "a \"b\".txt")), "X: filename=\"a \\\"b\\\".txt\"\r\n");
    EXPECT_EQ(field("X", parameter("filename", "naïve file.txt")), "X: filename*=UTF-8''na%C3%AFve%20file.txt\r\n");
    const auto pieces = parameter("filename", std::string(200, 'x') + "ü.txt");
    ASSERT_GT(pieces.size(), 1u);
    EXPECT_TRUE(pieces[0].text.starts_with("filename*0*=UTF-8''xxx"));
    EXPECT_TRUE(pieces[1].text.starts_with("filename*1*=xxx"));
}

TEST(Header, NeverCutsAnEncodedByte) {
    for (std::size_t before = 0; before < 60; ++before)
        for (const auto& [space, text] : parameter("filename", std::string(before, 'x') + std::string(40, '\xfc'))) {
            const auto value = text.substr(text.find('=') + 1);
            for (auto at = value.find('%'); at != std::string::npos; at = value.find('%', at + 1))
                EXPECT_LE(at + 3, value.size()) << value;
        }
}

TEST(Header, RefusesLineBreaksAndNulEverywhere) {
    using namespace std::string_literals;
    for (const auto& evil : {"a\r\nBcc: x@y.z"s, "a\nb"s, "a\rb"s, "a\0b"s, "ü\r\n"s}) {
        EXPECT_EQ(failure_of([&] { unstructured(evil, 8); }).code, errc::bad_header);
        EXPECT_EQ(failure_of([&] { phrase(evil, 3); }).code, errc::bad_header);
        EXPECT_EQ(failure_of([&] { mailboxes({address::named(evil, "a@x.org")}, 3); }).code, errc::bad_header);
        EXPECT_EQ(failure_of([&] { mailboxes({address::named("A", evil)}, 3); }).code, errc::bad_header);
        EXPECT_EQ(failure_of([&] { parameter("filename", evil); }).code, errc::bad_header);
        EXPECT_EQ(failure_of([&] { field("X", {{"", evil}}); }).code, errc::bad_header);
        EXPECT_EQ(failure_of([&] { field("X" + evil, {}); }).code, errc::bad_header);
    }
    for (const auto* name : {"", "A B", "A:", "Ä"})
        EXPECT_EQ(failure_of([&] { field(name, {}); }).code, errc::bad_header) << name;
}

TEST(Header, RefusesALineThatCannotBeFolded) {
    EXPECT_NO_THROW(field("X", further(std::string(900, 'x'), 2)));
    EXPECT_EQ(failure_of([] { field("X", further(std::string(1000, 'x'), 2)); }).code, errc::bad_header);
}

} // namespace
} // namespace infra::email::mime
