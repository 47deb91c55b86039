#include "src/compose.hpp"

#include "src/check_mail.hpp"

#include "tests/support.hpp"

#include <infra/email/error.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace infra::email {
namespace {

using namespace std::string_literals;

message make_message() { return {.from = "shop@x.org", .to = "ann@example.org", .subject = "S", .body = "B"}; }

mail composed(message m, std::optional<address> default_from = std::nullopt) {
    return compose(std::move(m), {.subject = "rendered", .html = "<p>", .text = "t"},
                   {.id = "id", .date = {}, .default_from = std::move(default_from), .max_bytes = 1000});
}

TEST(Compose, RefusesWhatNoProgramShouldBuild) {
    struct mistake {
        std::function<void(message&)> make;
        std::string sentence;
    };
    const mistake table[] = {
        {[](message& m) { m.to = {}; }, "to must name somebody"},
        {[](message& m) { m.bcc = std::vector<std::string>(50, "a@x.org"); }, "to, cc and bcc may name 50 together"},
        {[](message& m) { m.body = ""; }, "body, template_name, content, hosted: exactly one must be set"},
        {[](message& m) { m.template_name = "x"; }, "body, template_name, content, hosted: exactly one must be set"},
        {[](message& m) { m.content = rendered_email(); },
         "body, template_name, content, hosted: exactly one must be set"},
        {[](message& m) { m.data = {{"name", "Ann"}}; },
         "data and locale are for template_name; body and content have no places for values"},
        {[](message& m) { m.locale = "de"; },
         "data and locale are for template_name; body and content have no places for values"},
        {[](message& m) { m.body = "", m.content = rendered_email(), m.data = {{"name", "Ann"}}; },
         "data and locale are for template_name; body and content have no places for values"},
        {[](message& m) { m.idempotency_key = std::string(257, 'k'); }, "idempotency_key may have 256 bytes"},
        {[](message& m) { m.attachments = {{.content = "x"}}; }, "attachments: each needs a filename"},
        {[](message& m) { m.attachments = {{.file = "folder/"}}; }, "attachments: each needs a filename"},
        {[](message& m) { m.attachments = {{.filename = "a", .content = "x", .file = "a"}}; },
         "attachments: content, file and stored: at most one may be set"},
        {[](message& m) { m.attachments = {{.file = "a", .stored = "a"}}; },
         "attachments: content, file and stored: at most one may be set"},
        {[](message& m) { m.hosted = hosted_template{.id = "t"}; },
         "body, template_name, content, hosted: exactly one must be set"},
        {[](message& m) { m.body = "", m.hosted = hosted_template(); }, "hosted: it needs an id"},
        {[](message& m) { m.body = "", m.hosted = hosted_template{.id = "t", .variables = {{"a", json::array()}}}; },
         "hosted: variables are strings and numbers"},
        {[](message& m) { m.cc = "b@x.org", m.unsubscribe = unsubscribe{.url = "https://x.org/u"}; },
         "unsubscribe: it is one recipient's; send each a message of their own"},
    };
    EXPECT_NO_THROW(check_shape(make_message()));
    for (const auto& [make, sentence] : table) {
        auto m = make_message();
        make(m);
        try {
            check_shape(m);
            ADD_FAILURE() << "accepted: " << sentence;
        } catch (const std::invalid_argument& e) {
            EXPECT_EQ(e.what(), "email::message::" + sentence);
        }
    }
}

TEST(Compose, TakesTheSenderFromMessageTemplateThenDefault) {
    const rendered_email words{.html = "x", .from = "template@x.org"};
    const composition with_default{.id = "i", .date = {}, .default_from = "default@x.org", .max_bytes = 1000};
    auto m = make_message();
    EXPECT_EQ(compose(m, words, with_default).from.email(), "shop@x.org");
    m.from.reset();
    EXPECT_EQ(compose(m, words, with_default).from.email(), "template@x.org");
    EXPECT_EQ(compose(m, {.html = "x"}, with_default).from.email(), "default@x.org");
    const auto [code, sentence] = failure_of([&] { composed(m); });
    EXPECT_EQ(code, errc::no_sender);
    EXPECT_NE(sentence.find("EMAIL_FROM"), std::string::npos);
}

TEST(Compose, PrefersTheMessagesSubject) {
    auto m = make_message();
    EXPECT_EQ(composed(m).subject, "S");
    m.subject.clear();
    EXPECT_EQ(composed(m).subject, "rendered");
}

TEST(Compose, NeverSendsWithoutASubject) {
    for (const auto* blank : {"", " ", "\t \t"}) {
        auto m = make_message();
        m.subject.clear();
        EXPECT_EQ(
            compose(m, {.subject = blank, .html = "x"}, {.id = "i", .date = {}, .default_from = {}, .max_bytes = 9})
                .subject,
            "(No subject)");
        m.subject = blank;
        EXPECT_EQ(composed(m).subject, *blank ? "(No subject)" : "rendered");
    }
}

TEST(Compose, RefusesEveryWayIntoTheHeaders) {
    struct attempt {
        std::function<void(message&, const std::string&)> make;
        std::string name;
    };
    const attempt table[] = {
        {[](message& m, const std::string& evil) { m.subject = evil; }, "subject"},
        {[](message& m, const std::string& evil) { m.from = address::named(evil, "a@x.org"); }, "from name"},
        {[](message& m, const std::string& evil) { m.from = address::named("A", evil); }, "from email"},
        {[](message& m, const std::string& evil) { m.to = {address::named(evil, "a@x.org")}; }, "to name"},
        {[](message& m, const std::string& evil) { m.to = evil; }, "to"},
        {[](message& m, const std::string& evil) { m.cc = evil; }, "cc"},
        {[](message& m, const std::string& evil) { m.bcc = evil; }, "bcc"},
        {[](message& m, const std::string& evil) { m.reply_to = evil; }, "reply_to"},
        {[](message& m, const std::string& evil) { m.headers = {{evil, "x"}}; }, "header name"},
        {[](message& m, const std::string& evil) { m.headers = {{"X-A", evil}}; }, "header value"},
        {[](message& m, const std::string& evil) { m.topic_id = evil; }, "topic"},
        {[](message& m, const std::string& evil) { m.tags = {{evil, "x"}}; }, "tag name"},
        {[](message& m, const std::string& evil) { m.tags = {{"x", evil}}; }, "tag value"},
        {[](message& m, const std::string& evil) { m.attachments = {{.filename = evil}}; }, "filename"},
        {[](message& m, const std::string& evil) { m.attachments = {{.filename = "a", .content_type = evil}}; },
         "type"},
        {[](message& m, const std::string& evil) { m.attachments = {{.filename = "a", .content_id = evil}}; }, "cid"},
    };
    for (const auto& evil :
         {"a@x.org\r\nBcc: evil@y.z"s, "a@x.org\nX: y"s, "a@x.org\ry"s, "a@x.org\0y"s, "\r\n\r\nbody"s})
        for (const auto& [make, name] : table) {
            auto m = make_message();
            make(m, evil);
            const auto code = failure_of([&] { composed(m); }).code;
            EXPECT_TRUE(code == errc::bad_header || code == errc::bad_address) << name;
        }
}

TEST(Compose, RefusesBadAddressesWithoutRepeatingThem) {
    auto m = make_message();
    m.cc = {"fine@x.org", "s3cret.x.org"};
    const auto [code, sentence] = failure_of([&] { composed(m); });
    EXPECT_EQ(code, errc::bad_address);
    EXPECT_EQ(sentence,
              "email::message::cc: not an email address; expected name@example.org, Name <name@example.org> or "
              "\"Last, First\" <name@example.org>, and for several a list of them");
    EXPECT_EQ(sentence.find("s3cret"), std::string::npos);
}

TEST(Compose, RefusesTwoAddressesWrittenAsOne) {
    auto m = make_message();
    m.to = "a@b.org, Cy <c@d.org>";
    EXPECT_EQ(failure_of([&] { composed(m); }).code, errc::bad_address);
}

TEST(Compose, KeepsItsOwnHeadersToItself) {
    for (const auto* name :
         {"Subject", "to", "BCC", "Content-Type", "MIME-Version", "Message-ID", "content-anything", "X-Topic"}) {
        auto m = make_message();
        m.headers = {{name, "x"}};
        EXPECT_EQ(failure_of([&] { composed(m); }).code, errc::bad_header) << name;
    }
    auto m = make_message();
    m.headers = {{"List-Unsubscribe", "<https://x.org>"}, {"X-Mine", "ü"}};
    EXPECT_NO_THROW(composed(m));
}

TEST(Compose, HoldsToTheLimit) {
    auto m = make_message();
    m.attachments = {{.filename = "a", .content = std::string(996, 'x')}};
    EXPECT_NO_THROW(composed(m));
    m.attachments[0].content += 'x';
    const auto [code, sentence] = failure_of([&] { composed(m); });
    EXPECT_EQ(code, errc::too_large);
    EXPECT_NE(sentence.find("1001 bytes, over the limit of 1000"), std::string::npos) << sentence;
}

TEST(Compose, LeavesWordsAndSubjectToAHostedTemplate) {
    auto m = make_message();
    m.body.clear(), m.subject.clear();
    m.hosted = hosted_template{.id = "welcome", .variables = {{"name", "Ann"}, {"n", 1}}};
    const auto made = compose(m, {}, {.id = "i", .date = {}, .default_from = {}, .max_bytes = 30});
    EXPECT_EQ(made.hosted->id, "welcome");
    EXPECT_EQ(made.subject, "");
    m.hosted->variables["name"] = std::string(30, 'x');
    EXPECT_EQ(failure_of([&] { compose(m, {}, {.id = "i", .date = {}, .default_from = {}, .max_bytes = 30}); }).code,
              errc::too_large);
}

TEST(Compose, TakesATimeThatHasPassedForNow) {
    auto m = make_message();
    m.scheduled_at = wall_time();
    EXPECT_EQ(composed(m).scheduled_at, std::nullopt);
    m.scheduled_at = wall_time(std::chrono::seconds(1));
    EXPECT_EQ(composed(m).scheduled_at, m.scheduled_at);
}

TEST(Compose, NamesAttachmentsAfterTheirFiles) {
    EXPECT_EQ(filename_of({.filename = "a.pdf", .file = "x/b.pdf"}), "a.pdf");
    EXPECT_EQ(filename_of({.file = "x/b.pdf"}), "b.pdf");
    EXPECT_EQ(filename_of({.file = "b.pdf"}), "b.pdf");
    EXPECT_EQ(filename_of({.stored = "invoices/2026/17.pdf"}), "17.pdf");
}

TEST(Compose, LetsNoFileShowAnotherEndingThanItHas) {
    auto m = make_message();
    m.attachments = {{.filename = "ann\u202efdp.exe", .content = "x"}, {.filename = "plain.pdf", .content = "y"}};
    const auto made = composed(m);
    EXPECT_EQ(made.attachments.at(0).filename, "ann_fdp.exe");
    EXPECT_EQ(made.attachments.at(1).filename, "plain.pdf");
}

TEST(CheckedMail, RefusesWhatAHookMayHaveLeft) {
    const auto good = composed(make_message());
    EXPECT_NO_THROW(check_mail(good, 1000));
    const auto refused = [&](auto change) {
        auto m = good;
        change(m);
        return failure_of([&] { check_mail(m, 1000); }).code;
    };
    EXPECT_EQ(refused([](mail& m) { m.to.clear(); }), errc::bad_address);
    EXPECT_EQ(refused([](mail& m) { m.cc.assign(50, "a@x.org"); }), errc::bad_address);
    EXPECT_EQ(refused([](mail& m) { m.idempotency_key.assign(257, 'k'); }), errc::bad_header);
    EXPECT_EQ(refused([](mail& m) { m.headers["X"] = "a\nb"; }), errc::bad_header);
    EXPECT_EQ(refused([](mail& m) { m.html.assign(1001, 'x'); }), errc::too_large);
}

TEST(CheckedMail, SaysWhatToDoInsteadOfWhatATransportCannot) {
    const auto plain = composed(make_message());
    EXPECT_NO_THROW(refuse_unsupported(plain, {}, "smtp"));
    const auto refusal = [&](auto change) {
        auto m = plain;
        change(m);
        EXPECT_NO_THROW(
            refuse_unsupported(m, {.schedules = true, .hosts_templates = true, .has_topics = true}, "smtp"));
        const auto [code, sentence] = failure_of([&] { refuse_unsupported(m, {}, "smtp"); });
        EXPECT_EQ(code, errc::unsupported);
        return sentence;
    };
    EXPECT_EQ(refusal([](mail& m) { m.scheduled_at = wall_time(); }),
              "the transport smtp keeps no mail for email::message::scheduled_at; deliver_later() sends it at that "
              "time, or resend: keeps it");
    EXPECT_NE(refusal([](mail& m) { m.hosted = hosted_template{.id = "t"}; }).find("template_name"), std::string::npos);
    EXPECT_NE(refusal([](mail& m) { m.topic_id = "t"; }).find("unsubscribe"), std::string::npos);
}

TEST(Redaction, ShowsOneCharacterAndTheDomain) {
    EXPECT_EQ(redacted("Ann <ann@example.org>"), "a…@example.org");
    EXPECT_EQ(redacted("nothing"), "…");
    EXPECT_EQ(redacted("@x.org"), "…");
}

TEST(Compose, WritesTheWayOutOfAListInOneClick) {
    auto m = make_message();
    m.unsubscribe = unsubscribe{.url = "https://x.org/u/4f2a?l=news,1"};
    EXPECT_EQ(composed(m).headers,
              (std::map<std::string, std::string>{{"List-Unsubscribe", "<https://x.org/u/4f2a?l=news,1>"},
                                                  {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}}));
    m.unsubscribe->address = "leave+4f2a@x.org";
    EXPECT_EQ(composed(m).headers.at("List-Unsubscribe"),
              "<https://x.org/u/4f2a?l=news,1>, <mailto:leave%2B4f2a@x.org?subject=unsubscribe>");
    EXPECT_TRUE(composed(make_message()).headers.empty());
}

TEST(Compose, RefusesWaysOutThatLeadNowhere) {
    auto m = make_message();
    for (const auto* bad :
         {"", "http://x.org/u", "https://", "https:///u", "x.org/u", "https://x.org/ u", "https://x.org/>",
          "https://x.org/u\r\nBcc: b@x.org", "https://x.org/\xc3\xa9", "mailto:leave@x.org"}) {
        m.unsubscribe = unsubscribe{.url = bad};
        EXPECT_EQ(failure_of([&] { composed(m); }).code, errc::bad_header) << bad;
    }
    for (const auto* bad : {"leave", "leave@x.org>, <https://evil.example", "leave@x.org\n"}) {
        m.unsubscribe = unsubscribe{.url = "https://x.org/u", .address = bad};
        EXPECT_EQ(failure_of([&] { composed(m); }).code, errc::bad_address) << bad;
    }
    m.unsubscribe = unsubscribe{.url = "https://x.org/u"};
    m.headers = {{"list-unsubscribe-post", "x"}};
    EXPECT_EQ(failure_of([&] { composed(m); }).sentence,
              "email::message::headers: list-unsubscribe-post is written from email::message::unsubscribe");
}

TEST(Compose, RefusesTwoAttachmentsThatWouldBeShownAtTheSamePlace) {
    auto m = make_message();
    m.attachments = {{.filename = "a.png", .content_id = "logo"}, {.filename = "b.png"}, {.filename = "c.png"}};
    EXPECT_NO_THROW(composed(m));
    m.attachments[2].content_id = "logo";
    EXPECT_EQ(failure_of([&] { composed(m); }).sentence,
              "email::attachment::content_id: two attachments have the same");
}

} // namespace
} // namespace infra::email
