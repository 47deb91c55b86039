#include <infra/testing/captured_mail.hpp>

#include <infra/email.hpp>
#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace infra::testing {
namespace {

struct CapturedMail : ::testing::Test {
    std::shared_ptr<captured_mail> mail = std::make_shared<captured_mail>();
    email::mailer mailer{{.transport = mail, .from = "shop@example.org"}};
};

TEST_F(CapturedMail, KeepsWhatWasSentInOrder) {
    wait(mailer.send({.to = "a@example.org", .subject = "one", .body = "**1**"}));
    wait(mailer.send({.to = "b@example.org", .subject = "two", .body = "2"}));
    const auto sent = mail->sent();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].subject, "one");
    EXPECT_NE(sent[0].html.find("<strong"), std::string::npos) << sent[0].html;
    EXPECT_EQ(sent[1].subject, "two");
}

TEST_F(CapturedMail, AcceptsAKeyOnce) {
    const auto first = wait(mailer.send({.to = "a@example.org", .subject = "s", .body = "b", .idempotency_key = "k"}));
    const auto second = wait(mailer.send({.to = "a@example.org", .subject = "s", .body = "b", .idempotency_key = "k"}));
    EXPECT_EQ(first, second);
    EXPECT_EQ(mail->sent().size(), 1u);
}

TEST_F(CapturedMail, FailsAsAsked) {
    mail->fail_next({email::errc::refused, "the provider does not like it"});
    EXPECT_THROW(wait(mailer.send({.to = "a@example.org", .subject = "s", .body = "b"})), email::send_error);
    wait(mailer.send({.to = "a@example.org", .subject = "s", .body = "b"}));
    EXPECT_EQ(mail->sent().size(), 1u);
    mail->clear();
    EXPECT_TRUE(mail->sent().empty());
}

TEST_F(CapturedMail, FindsWhatIsExpected) {
    wait(mailer.send({.to = {"a@example.org"},
                      .cc = {"c@example.org"},
                      .bcc = {"b@example.org"},
                      .subject = "Invoice",
                      .body = "Pay **now**",
                      .attachments = {{.filename = "invoice.pdf", .content = "%PDF"}}}));
    wait(mailer.send({.to = "a@example.org", .subject = "Reminder", .body = "Pay"}));
    const std::pair<expected_mail, bool> table[] = {
        {{}, true},
        {{.to = "a@example.org"}, true},
        {{.to = "b@example.org"}, true},
        {{.to = "c@example.org", .subject = "Invoice"}, true},
        {{.to = "c@example.org", .subject = "Reminder"}, false},
        {{.to = "nobody@example.org"}, false},
        {{.from = "shop@example.org"}, true},
        {{.from = "other@example.org"}, false},
        {{.subject = "Invoic"}, false},
        {{.text_contains = "Pay now"}, true},
        {{.subject = "Reminder", .text_contains = "now"}, false},
        {{.html_contains = "<strong"}, true},
        {{.attachment = "invoice.pdf"}, true},
        {{.subject = "Reminder", .attachment = "invoice.pdf"}, false},
    };
    for (const auto& [expected, there] : table) {
        EXPECT_EQ(static_cast<bool>(mail->was_sent(expected)), there);
        EXPECT_EQ(mail->find(expected).empty(), !there);
    }
    EXPECT_EQ(mail->count_to("a@example.org"), 2u);
    EXPECT_EQ(mail->one_to("c@example.org").subject, "Invoice");
}

TEST_F(CapturedMail, ShowsWhatWasSentInstead) {
    const auto shown = [this] {
        std::ostringstream out;
        out << mail->was_sent({.to = "x@example.org"});
        return out.str();
    };
    EXPECT_EQ(shown(), "no mail was sent");
    wait(mailer.send({.to = "a@example.org", .subject = "Hi", .body = "Hello"}));
    EXPECT_EQ(shown(), "sent were:\n  \"Hi\" from shop@example.org to a@example.org: Hello");
    wait(mailer.send({.to = "a@example.org", .subject = "Ho", .body = std::string(600, 'x')}));
    for (const auto* to : {"a@example.org", "x@example.org"}) {
        try {
            mail->one_to(to);
            ADD_FAILURE() << to;
        } catch (const std::logic_error& e) {
            EXPECT_EQ(e.what(), std::string(to[0] == 'a' ? "2" : "0") + " mails went to " + to + "; " + shown());
        }
    }
}

} // namespace
} // namespace infra::testing
