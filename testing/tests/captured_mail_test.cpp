#include <infra/testing/captured_mail.hpp>

#include <infra/email.hpp>
#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

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
    mail->fail_next({infra::errc::unavailable, "the provider is down"});
    EXPECT_THROW(wait(mailer.send({.to = "a@example.org", .subject = "s", .body = "b"})), email::send_error);
    wait(mailer.send({.to = "a@example.org", .subject = "s", .body = "b"}));
    EXPECT_EQ(mail->sent().size(), 1u);
    mail->clear();
    EXPECT_TRUE(mail->sent().empty());
}

} // namespace
} // namespace infra::testing
