#include <infra/email/mime.hpp>

#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace infra::email {
namespace {

std::string written(const mail& m) { return to_mime(m, {.senders_copy = true}); }

mail full_mail() {
    return {.id = "0193-id",
            .date = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 3)) + std::chrono::hours(4),
            .from = "Shop <hello@shop.example>",
            .to = {"ann@example.org", address::named("Lee, \"Bo\" \\", "bo@example.org")},
            .cc = {address::named("Grüße aus Köln", "c@example.org")},
            .bcc = {"secret@example.org"},
            .reply_to = {"reply@shop.example", "other@shop.example"},
            .subject = "Grüße",
            .html = "<p>Grüße</p>\n",
            .text = "Grüße\n\n. und = und \t\n",
            .attachments = {{.filename = "logo.png",
                             .content = std::string("\0\r\n\xff", 4),
                             .content_type = "image/png",
                             .content_id = "logo"},
                            {.filename = "a \"b\"; c=ü" + std::string(100, 'x') + ".pdf",
                             .content = std::string(1000, 'x'),
                             .content_type = "application/pdf"},
                            {.filename = "empty", .content = "", .content_type = "application/octet-stream"}},
            .headers = {{"List-Unsubscribe", "<https://shop.example/" + std::string(200, 'u') + ">"}},
            .tags = {{"campaign", "win-back"}, {"kind", "test"}},
            .topic_id = "topic-1",
            .scheduled_at = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 12 / 24))};
}

void expect_same(const mail& read, const mail& m) {
    EXPECT_EQ(read.id, m.id);
    EXPECT_EQ(read.date, m.date);
    EXPECT_EQ(read.from, m.from);
    EXPECT_EQ(read.to, m.to);
    EXPECT_EQ(read.cc, m.cc);
    EXPECT_EQ(read.bcc, m.bcc);
    EXPECT_EQ(read.reply_to, m.reply_to);
    EXPECT_EQ(read.subject, m.subject);
    EXPECT_EQ(read.html, m.html);
    EXPECT_EQ(read.text, m.text);
    EXPECT_EQ(read.headers, m.headers);
    EXPECT_EQ(read.tags, m.tags);
    EXPECT_EQ(read.topic_id, m.topic_id);
    EXPECT_EQ(read.scheduled_at, m.scheduled_at);
    ASSERT_EQ(read.attachments.size(), m.attachments.size());
    for (std::size_t i = 0; i < m.attachments.size(); ++i) {
        EXPECT_EQ(read.attachments[i].filename, m.attachments[i].filename);
        EXPECT_EQ(read.attachments[i].content, m.attachments[i].content);
        EXPECT_EQ(read.attachments[i].content_type, m.attachments[i].content_type);
        EXPECT_EQ(read.attachments[i].content_id, m.attachments[i].content_id);
    }
}

TEST(ReadMail, GivesBackEveryFieldOfWhatWasWritten) {
    auto m = full_mail();
    m.headers["X-Note"] = "größer =?";
    expect_same(from_mime(written(m)), m);
}

TEST(ReadMail, KnowsEachWayInWhichPartsAreNested) {
    for (const bool html : {false, true})
        for (const bool text : {false, true})
            for (const bool attached : {false, true})
                for (const bool inlined : {false, true}) {
                    mail m{.id = "1", .from = "a@example.org", .to = {"b@example.org"}, .subject = "Hi"};
                    m.html = html || !text ? "<p>Hi</p>" : "";
                    m.text = text ? "Hi" : "";
                    if (inlined)
                        m.attachments.push_back({"a", "1", "image/png", "cid"});
                    if (attached)
                        m.attachments.push_back({"b", "2", "text/html", ""});
                    expect_same(from_mime(written(m)), m);
                }
}

TEST(ReadMail, NamesTheTypeThatWasTakenFromTheEnding) {
    mail m{.id = "1",
           .from = "a@example.org",
           .to = {"b@example.org"},
           .text = "Hi",
           .attachments = {{.filename = "a.pdf"}}};
    EXPECT_EQ(from_mime(written(m)).attachments[0].content_type, "application/pdf");
}

/// Text of pieces that are hard to quote, encode and fold; without blanks at its ends, which headers lose.
class texts {
public:
    explicit texts(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t n) { return random_() % n; }

    std::string any() {
        static const std::vector<std::string> pieces{"a",  "Z",  " ",  "  ", "\"", "\\", ",",     "<",
                                                     ">",  "(",  "@",  "=?", "?=", "=",  "_",     "ü",
                                                     "漢", "🎉", ";",  "*",  "'",  "%",  "%41",   ".",
                                                     ":",  "\t", "~~", "[",  "]",  "b@", "x.org", std::string(80, 'w')};
        std::string text;
        for (auto n = below(12); n > 0; --n)
            text += pieces[below(pieces.size())];
        while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
            text.pop_back();
        const auto begin = text.find_first_not_of(" \t");
        return begin == std::string::npos ? "" : text.substr(begin);
    }

    std::string lines() {
        std::string text;
        for (auto n = below(5); n > 0; --n)
            text += any() + (below(4) == 0 ? " " : "") + std::string(below(3), '\n');
        return text;
    }

    std::vector<address> mailboxes(std::size_t most) {
        std::vector<address> all;
        for (auto n = below(most + 1); n > 0; --n)
            all.push_back(address::named(any(), "a" + std::to_string(n) + "+x=y'z@example.org"));
        return all;
    }

    mail any_mail() {
        mail m{.id = "0190-" + std::to_string(below(1'000'000)),
               .date = wall_time(std::chrono::seconds(below(4'000'000'000))),
               .from = address::named(any(), "shop@shop.example"),
               .to = mailboxes(4),
               .cc = mailboxes(2),
               .bcc = mailboxes(2),
               .reply_to = mailboxes(2),
               .subject = any(),
               .html = lines(),
               .text = lines()};
        if (m.html.empty() && m.text.empty())
            m.text = "t";
        for (const bool inlined : {true, false})
            for (auto n = below(3); n > 0; --n)
                m.attachments.push_back({.filename = any(),
                                         .content = lines() + std::string(below(3), '\0'),
                                         .content_type = "image/png",
                                         .content_id = inlined ? "c" + std::to_string(n) : ""});
        for (auto n = below(3); n > 0; --n)
            m.headers["X-Further-" + std::to_string(n)] = any();
        if (below(4) == 0)
            m.topic_id = any();
        if (below(4) == 0)
            m.scheduled_at = wall_time(std::chrono::seconds(below(4'000'000'000)));
        for (auto n = below(3); n > 0; --n)
            m.tags["tag_" + std::to_string(n)] = "v-" + std::to_string(below(9));
        return m;
    }

private:
    std::mt19937 random_;
};

TEST(ReadMail, GivesBackWhateverWasWritten) {
    texts t(20261127);
    for (int i = 0; i < 500 && !HasFailure(); ++i) {
        const auto m = t.any_mail();
        const auto text = written(m);
        SCOPED_TRACE(text);
        expect_same(from_mime(text), m);
    }
}

struct strange {
    const char* from;
    const char* to;
};

TEST(ReadMail, RefusesWhatItWouldNotHaveWritten) {
    auto m = full_mail();
    const auto text = written(m);
    for (const auto& [from, to] : std::vector<strange>{
             {"\r\n\r\n", "\n\n"},
             {"Date: Tue, 03 Nov", "Date: Tue, 31 Feb"},
             {"04:00:00", "24:00:00"},
             {"+0000", "+0100"},
             {"24 Dec 2026", "24 Dec 2999"},
             {"From: ", "Form: "},
             {"From: Shop <hello@shop.example>", "From: a@example.org, b@example.org"},
             {"ann@example.org", "ann"},
             {"ann@example.org, ", "ann@example.org; "},
             {"Cc: ", "To: "},
             {"0193-id@shop.example>", "0193-id@elsewhere.example>"},
             {"<0193-id@shop.example>", "<@shop.example>"},
             {"<0193-id@shop.example>", ">"},
             {"MIME-Version: 1.0", "MIME-Version: 1.1"},
             {"=?UTF-8?", "=?latin1?"},
             {"quoted-printable", "8bit"},
             {"=C3=BC", "=ZZ=BC"},
             {"charset=utf-8", "charset=utf-8; charset=utf-8"},
             {"multipart/alternative;", "multipart/parallel;"},
             {"boundary=", "border="},
             {"--=_mixed_0193-id--", "--=_mixed_0193-id"},
             {"Content-Disposition: inline", "Content-Disposition: attachment"},
             {"Content-ID: <logo>", "Content-ID: logo"},
             {"UTF-8''", "latin1''"},
             {"base64", "binary"},
             {"X-Tag: kind=", "X-Tag: kind "},
         }) {
        auto changed = text;
        const auto at = changed.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        changed.replace(at, std::string_view(from).size(), to);
        EXPECT_EQ(failure_of([&] { from_mime(changed); }).code, infra::errc::invalid_input) << from << " -> " << to;
    }
}

TEST(ReadMail, RefusesEveryBeginningOfAMail) {
    auto m = full_mail();
    const auto text = written(m);
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_EQ(failure_of([&] { from_mime(text.substr(0, size)); }).code, infra::errc::invalid_input) << size;
}

} // namespace
} // namespace infra::email
