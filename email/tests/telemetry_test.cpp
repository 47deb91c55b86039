#include <infra/email/mailer.hpp>

#include "src/error_name.hpp"
#include "src/instruments.hpp"
#include "tests/scripted_transport.hpp"
#include "tests/support.hpp"

#include <infra/email/error.hpp>
#include <infra/testing/captured_mail.hpp>
#include <infra/testing/captured_telemetry.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <map>

namespace infra::email {
namespace {

struct EmailTelemetry : ::testing::Test {
    testing::captured_telemetry told{"email"};
    std::shared_ptr<testing::captured_mail> sent = std::make_shared<testing::captured_mail>();
    const mailer post{mailer_options{.transport = sent, .from = "shop@x.org"}};
};

TEST_F(EmailTelemetry, TellsOfEachMailWithoutItsRecipient) {
    const auto id = run(post.send({.to = "ann.lee@example.org", .bcc = "bo@example.org", .subject = "S", .body = "B"}));
    EXPECT_EQ(told.lines(),
              (std::vector<std::string>{
                  "span: send email",
                  "set: email.transport=captured email.template= email.recipients=2",
                  "log: sent message_id=" + id + " transport=captured template= to=a…@example.org recipients=2",
                  "set: email.message_id=" + id,
                  "end",
              }));
    EXPECT_EQ(told.counts(), (std::map<std::string, double>{{"emails_sent_total transport=captured", 1},
                                                            {"email_send_duration_seconds transport=captured", 1}}));
}

TEST_F(EmailTelemetry, CountsDuplicatesAndFailuresApart) {
    for (int i = 0; i < 2; ++i)
        run(post.send({.to = "ann@example.org", .body = "B", .idempotency_key = "s3cret-key"}));
    EXPECT_EQ(failure_of([&] { run(post.send({.to = "s3cret", .body = "B"})); }).code, errc::bad_address);
    EXPECT_EQ(told.counted("emails_sent_total transport=captured"), 1);
    EXPECT_EQ(told.counted("emails_duplicate_total transport=captured"), 1);
    EXPECT_EQ(told.counted("emails_failed_total transport=captured reason=bad_address"), 1);
    EXPECT_NE(told.everything().find("failed: email::message::to: not an email address"), std::string::npos);
    EXPECT_EQ(told.everything().find("s3cret"), std::string::npos);
}

TEST_F(EmailTelemetry, TellsOfEveryFurtherAttempt) {
    scripted_mail mail;
    mail.to->fail(send_error(infra::errc::overloaded, "later", {.name = "s3cret", .retryable = true}));
    run_on(mail.time, mailer(mail.options).send(make_message("s3cret@example.org")));
    EXPECT_EQ(told.counted("emails_retried_total transport=scripted"), 1);
    EXPECT_EQ(told.counted("emails_sent_total transport=scripted"), 1);
    EXPECT_EQ(told.lines().at(2), "event: retry email.attempt=2 error.type=overloaded email.pause=500");
    EXPECT_EQ(told.lines().at(3),
              "log: will be tried again transport=scripted reason=overloaded mails=1 attempt=2 pause=500");
    EXPECT_EQ(told.everything().find("s3cret"), std::string::npos);
}

TEST_F(EmailTelemetry, TellsOfABatchInOneSpanAndOfEachOfItsMails) {
    scripted_mail mail;
    mail.options.before = {[](email::mail m) -> awaitable<std::optional<email::mail>> {
        if (m.to[0].email() == "stop@x.org")
            co_return std::nullopt;
        co_return m;
    }};
    mail.to->fail({1}, send_error(errc::refused, "no"));
    const auto done =
        mail.send_batch({make_message("ann@x.org"), make_message("bo@x.org"), make_message("stop@x.org")});
    EXPECT_EQ(told.counts(),
              (std::map<std::string, double>{{"emails_sent_total transport=scripted", 1},
                                             {"emails_failed_total transport=scripted reason=refused", 1},
                                             {"emails_stopped_total transport=scripted", 1},
                                             {"email_send_duration_seconds transport=scripted", 2}}));
    const auto failed = mail.to->calls.at(0).mails.at(1).id;
    EXPECT_EQ(told.lines(),
              (std::vector<std::string>{
                  "span: send emails",
                  "set: email.transport=scripted email.messages=3",
                  "log: stopped by a hook message_id=" + done[2].id +
                      " transport=scripted template= to=s…@x.org recipients=1",
                  "log: sent message_id=" + done[0].id + " transport=scripted template= to=a…@x.org recipients=1",
                  "log: not sent message_id=" + failed +
                      " transport=scripted template= to=b…@x.org recipients=1 reason=refused",
                  "set: email.failed=1 email.stopped=1",
                  "failed: 1 of 3 emails were not accepted",
                  "end",
              }));
}

TEST_F(EmailTelemetry, SaysWhichOfAListTookAMail) {
    scripted_mail mail;
    mail.to->script.emplace_back([](std::vector<email::mail> mails) -> awaitable<std::vector<delivery>> {
        co_return std::vector<delivery>{{.id = mails[0].id, .transport = "smtp"}};
    });
    run_on(mail.time, mailer(mail.options).send(make_message()));
    EXPECT_NE(told.everything().find("set: email.transport=smtp\n"), std::string::npos);
    EXPECT_NE(told.everything().find(" transport=smtp template="), std::string::npos);
}

TEST_F(EmailTelemetry, LogsAHookThatThrowsAfterwards) {
    scripted_mail mail;
    mail.options.after = {[](const email::mail&, const delivery&) { throw std::runtime_error("a bug"); }};
    const auto id = run_on(mail.time, mailer(mail.options).send(make_message()));
    EXPECT_NE(told.everything().find("log: an after hook failed message_id=" + id + " error=a bug"), std::string::npos);
}

TEST_F(EmailTelemetry, WarnsOfMailThatWillBeClipped) {
    run(post.send({.to = "ann@example.org", .body = std::string(103 * 1024, 'x')}));
    EXPECT_NE(told.everything().find("log: html over 102 KB will be clipped by some readers"), std::string::npos);
}

TEST(FailureName, IsOneOfAFewWords) {
    EXPECT_EQ(name_of(errc::no_template), "no_template");
    EXPECT_EQ(name_of(errc::too_large), "too_large");
    EXPECT_EQ(name_of(errc::key_reused), "key_reused");
    EXPECT_EQ(name_of(infra::errc::timed_out), "timed_out");
    EXPECT_EQ(name_of(infra::errc::io), "io");
    EXPECT_EQ(name_of(boost::asio::error::operation_aborted), "cancelled");
    EXPECT_EQ(name_of({}), "error");
}

} // namespace
} // namespace infra::email
