// A mailer over an API that is not well: a mail is accepted once, or its failure says why not.

#include "tests/resend/mishaps.hpp"
#include "tests/support.hpp"

#include <infra/email/mailer.hpp>

#include <gtest/gtest.h>

namespace infra::email::resend {
namespace {

message make_message(const std::string& subject) {
    return {.to = "Ann <ann@example.org>", .content = rendered_email{.subject = subject, .text = "Hi"}};
}

struct ResendMailer : ::testing::Test {
    test_loop loop;
    mock api{loop.get_executor()};

    mailer make(clock& time = real_clock()) {
        auto options = api.options(loop);
        options.time = &time;
        return mailer({.transport = make_resend_transport(options),
                       .from = "Shop <shop@example.org>",
                       .pause = fixed(1ms),
                       .time = &time});
    }
};

TEST_F(ResendMailer, SendsOnceWhateverHappensOnTheWay) {
    const auto mailer = make();
    for (const auto& each : mishaps()) {
        SCOPED_TRACE(each.name);
        if (each.retryable && each.retry_after > 0ms)
            continue;                                           // the clock is the real one
        api.next.assign(each.times == 1 ? 1u : 2u, each.first); // and not for all attempts
        const auto sent = loop.run(mailer.send(make_message(each.name)));
        api.next.clear();
        EXPECT_EQ(sent->value.has_value(), each.retryable) << sent->what();
        EXPECT_EQ(api.accepted[each.name], each.retryable || each.first.accepts ? 1 : 0);
    }
}

TEST_F(ResendMailer, SendsABatchOnceWhateverHappensOnTheWay) {
    const auto mailer = make();
    for (const auto& each : mishaps()) {
        if (each.retry_after > 0ms)
            continue;
        SCOPED_TRACE(each.name);
        std::vector<message> mails;
        for (int i = 0; i < 150; ++i)
            mails.push_back(make_message(each.name + std::to_string(i)));
        mails[7].attachments = {{.filename = "a.txt", .content = "a"}};
        mails[9].idempotency_key = each.name;
        api.next.assign(each.times == 1 ? 1u : 2u, each.first); // and not for all attempts
        const auto done = loop.get(mailer.send_batch(mails));
        api.next.clear();
        ASSERT_EQ(done.size(), mails.size());
        for (std::size_t i = 0; i < done.size(); ++i) {
            const auto times = api.accepted[each.name + std::to_string(i)];
            EXPECT_LE(times, 1) << i;
            if (!done[i].failure)
                EXPECT_EQ(times, 1) << i;
            else
                EXPECT_FALSE(each.retryable) << i << done[i].failure->what();
        }
    }
}

TEST_F(ResendMailer, WaitsAsLongAsA429Says) {
    manual_clock time;
    const auto mailer = make(time);
    api.next.push_back({.accepts = false, .says = refusal(429, "rate_limit_exceeded", "Retry-After: 7\r\n")});
    const auto sent = loop.spawn(mailer.send(make_message("a")));
    loop.settle();
    time.advance(6s);
    loop.settle();
    EXPECT_EQ(api.requests.size(), 1u);
    EXPECT_FALSE(sent->done());
    time.advance(1s);
    loop.until([&] { return sent->done(); });
    EXPECT_TRUE(sent->value) << sent->what();
    EXPECT_EQ(api.requests.size(), 2u);
    EXPECT_EQ(api.accepted["a"], 1);
}

TEST_F(ResendMailer, GivesUpAtOnceWhereItWouldHaveToWaitTooLong) {
    manual_clock time;
    const auto mailer = make(time);
    api.next.push_back({.accepts = false, .says = refusal(429, "rate_limit_exceeded", "Retry-After: 600\r\n")});
    const auto sent = loop.run(mailer.send(make_message("a")));
    EXPECT_EQ(sent->code(), infra::errc::overloaded);
    EXPECT_EQ(api.requests.size(), 1u);
    const auto next = loop.run(mailer.send(make_message("b")));
    EXPECT_EQ(next->code(), infra::errc::overloaded) << "and does not ask for another mail";
    EXPECT_EQ(api.requests.size(), 1u);
    EXPECT_EQ(sent->what().find("ann@"), std::string::npos);
}

TEST_F(ResendMailer, SendsAThousandUnderALimitOfFifty) {
    manual_clock time;
    const auto mailer = make(time);
    api.fields = "ratelimit-limit: 50\r\nratelimit-policy: 50;w=1\r\n";
    loop.get(mailer.send(make_message("first")));
    std::vector<std::shared_ptr<testing::outcome<message_id>>> sent;
    for (int i = 0; i < 1000; ++i)
        sent.push_back(loop.spawn(mailer.send(make_message(std::to_string(i)))));
    for (int second = 0; second < 25; ++second) {
        const auto before = api.requests.size();
        loop.settle();
        EXPECT_LE(api.requests.size() - before, 50u);
        time.advance(1s);
    }
    for (const auto& each : sent)
        EXPECT_TRUE(each->done() && each->value) << each->what();
    EXPECT_EQ(api.requests.size(), 1001u);
}

} // namespace
} // namespace infra::email::resend
