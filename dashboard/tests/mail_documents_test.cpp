#include "src/mail/mail_panel.hpp"
#include "src/mail/sent.hpp"

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr wall_time t0 = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

email::mail welcome() {
    return {.id = "018c",
            .from = "Shop <shop@x.org>",
            .to = {"ann@example.org"},
            .subject = "Hi",
            .template_name = "welcome"};
}

TEST(SentMails, KeepRecipientsToThemselves) {
    EXPECT_EQ(redacted(email::address("ann@example.org")), "a***@example.org");
    EXPECT_EQ(redacted(email::address("@x")), "***");
    EXPECT_EQ(redacted(email::address("nobody")), "***");
    const auto one = record_of(welcome(), {.id = "re_1", .attempts = 2}, "resend", t0);
    EXPECT_EQ(one.to, std::vector<std::string>{"a***@example.org"});
    EXPECT_EQ(one.id, "re_1");
    EXPECT_EQ(one.template_name, "welcome");
    EXPECT_EQ(one.attempts, 2);
    EXPECT_EQ(one.state, "sent");
}

TEST(SentMails, SayWhatBecameOfEach) {
    const email::send_error down{infra::errc::unavailable, "no connection"};
    EXPECT_EQ(record_of(welcome(), {.duplicate = true}, "outbox", t0).state, "duplicate");
    EXPECT_EQ(record_of(welcome(), {.stopped = true}, "outbox", t0).state, "stopped");
    const auto failed = record_of(welcome(), {.failure = down}, "outbox", t0);
    EXPECT_EQ(failed.state, "failed");
    EXPECT_EQ(failed.reason, "no connection");
}

TEST(SentMails, AreKeptUpToABoundNewestFirst) {
    sent_mails all;
    for (std::size_t i = 0; i < sent_mails::most + 5; ++i)
        all.add({.at = t0, .mail = std::to_string(i), .state = "sent"});
    const auto page = all.list(2, 0);
    ASSERT_EQ(page.size(), 2u);
    EXPECT_EQ(page[0].mail, std::to_string(sent_mails::most + 4));
    EXPECT_EQ(all.list(1, page[1].number)[0].mail, std::to_string(sent_mails::most + 2));
    EXPECT_FALSE(all.find("4")) << "the oldest are forgotten";
    EXPECT_TRUE(all.find("5"));
}

TEST(SentMails, ThatFailedAlikeAreCountedTogether) {
    sent_mails all;
    all.add({.at = t0, .state = "failed", .reason = "no answer within 5 ms"});
    all.add({.at = t0 + 1s, .state = "failed", .reason = "no answer within 7 ms"});
    all.add({.at = t0 + 2s, .state = "failed", .reason = "refused"});
    all.add({.at = t0 + 2s, .state = "sent"});
    EXPECT_EQ(all.failed_since(t0 + 1s), 2u);
    const auto alike = all.failures_since(t0);
    ASSERT_EQ(alike.size(), 2u);
    EXPECT_EQ(alike[0].count, 2u);
    EXPECT_EQ(alike[0].signature, "no answer within # ms");
}

TEST(MailSource, KnowsWhereAnOutboxLies) {
    EXPECT_EQ(outbox_of(email::mailer({.url = "outbox:/tmp/mail"})), "/tmp/mail");
    EXPECT_EQ(outbox_of(email::mailer({.url = "memory: outbox:/tmp/mail"})), "/tmp/mail");
    EXPECT_EQ(outbox_of(email::mailer({.url = "memory:"})), std::nullopt);
    EXPECT_EQ(outbox_of(email::mailer()), "var/outbox");
}

} // namespace
} // namespace infra::dashboard
