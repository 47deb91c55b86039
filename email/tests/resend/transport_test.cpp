#include <infra/email/resend.hpp>

#include "tests/resend/mishaps.hpp"
#include "tests/support.hpp"

#include <infra/runtime/event_loop.hpp>

#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace infra::email::resend {
namespace {

using namespace std::chrono_literals;

mail with_file(const std::string& subject, std::size_t bytes = 1) {
    auto m = make_mail(subject);
    m.attachments = {{.filename = "a.bin", .content = std::string(bytes, 'x')}};
    return m;
}

struct ResendTransport : ::testing::Test {
    test_loop loop;
    mock api{loop.get_executor()};
    std::shared_ptr<transport> to = make_resend_transport(api.options(loop));

    std::vector<delivery> deliver(std::vector<mail> mails, std::chrono::milliseconds within = 30s) {
        return loop.get(to->deliver(std::move(mails), deadline::after(within)));
    }
    send_error failure_of(std::vector<mail> mails, std::chrono::milliseconds within = 30s) {
        return deliver(std::move(mails), within).at(0).failure.value();
    }
};

// --- Sending ----------------------------------------------------------------------------------------------------

TEST_F(ResendTransport, AsksTheApiAsItWantsToBeAsked) {
    EXPECT_EQ(deliver({make_mail()}).at(0).id, "id-1");
    const auto& raw = api.requests.at(0).raw;
    EXPECT_TRUE(raw.starts_with("POST /emails HTTP/1.1\r\n")) << raw;
    EXPECT_EQ(http::field_of(raw, "authorization"), "Bearer re_test");
    EXPECT_EQ(http::field_of(raw, "content-type"), "application/json");
    EXPECT_EQ(http::field_of(raw, "idempotency-key"), "0190-Hi");
    EXPECT_EQ(http::field_of(raw, "x-batch-validation"), "");
    EXPECT_EQ(http::field_of(raw, "User-Agent"), "infra");
    EXPECT_EQ(http::field_of(raw, "traceparent"), "");
}

TEST_F(ResendTransport, SendsWhatGoesTogetherAtOnce) {
    const auto done = deliver({make_mail("a"), with_file("b"), make_mail("c")});
    ASSERT_EQ(done.size(), 3u);
    ASSERT_EQ(api.requests.size(), 2u);
    std::map<std::string, mock::seen> by_path;
    for (const auto& each : api.requests)
        by_path[each.path] = each;
    EXPECT_EQ(by_path["/emails/batch"].body.as_array().size(), 2u);
    EXPECT_EQ(http::field_of(by_path["/emails/batch"].raw, "x-batch-validation"), "permissive");
    EXPECT_EQ(by_path["/emails"].body.at("subject"), "b");
    std::set<std::string> ids;
    for (const auto& each : done)
        ids.insert(each.id);
    EXPECT_EQ(ids, (std::set<std::string>{"id-1", "id-2", "id-3"}));
    EXPECT_LT(done[0].id, done[2].id);
}

TEST_F(ResendTransport, SendsAHundredAsOneRequest) {
    std::vector<mail> mails;
    for (int i = 0; i < 100; ++i)
        mails.push_back(make_mail(std::to_string(i)));
    const auto done = deliver(mails);
    ASSERT_EQ(done.size(), 100u);
    for (std::size_t i = 0; i < done.size(); ++i)
        EXPECT_EQ(done[i].id, "id-" + std::to_string(i + 1));
    EXPECT_EQ(api.requests.size(), 1u);
}

TEST_F(ResendTransport, HasNothingToDoForNoMail) {
    EXPECT_TRUE(deliver({}).empty());
    EXPECT_EQ(api.connections(), 0);
}

TEST_F(ResendTransport, RefusesOneOfABatchAlone) {
    api.refuses = "b";
    const auto done = deliver({make_mail("a"), make_mail("b"), make_mail("c")});
    EXPECT_EQ(done.at(0).id, "id-1");
    EXPECT_EQ(done.at(1).failure.value().code(), errc::refused);
    EXPECT_EQ(done.at(2).id, "id-2");
}

TEST_F(ResendTransport, SendsMegabytes) {
    EXPECT_EQ(deliver({with_file("big", 3 << 20)}).at(0).id, "id-1");
    EXPECT_EQ(api.requests.at(0).body.at("attachments").at(0).at("content").as_string().size(),
              std::size_t{3 << 20} / 3 * 4);
}

TEST_F(ResendTransport, KeepsItsConnection) {
    for (int i = 0; i < 5; ++i)
        deliver({make_mail(std::to_string(i))});
    EXPECT_EQ(api.connections(), 1);
}

TEST_F(ResendTransport, SendsSeveralAtATimeAndNoMoreThanItHasConnections) {
    asio::steady_timer all_there(loop.io, steady_time::max());
    int waiting = 0, most = 0;
    const http::test_server server(loop.get_executor(), [&](http::connection& c) -> awaitable<void> {
        while (!(co_await c.read_request()).empty()) {
            most = std::max(most, ++waiting);
            if (waiting == 3)
                all_there.cancel();
            boost::system::error_code ec;
            if (most < 3)
                co_await all_there.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            --waiting;
            co_await c.write(http::response(200, R"({"id":"x"})"));
        }
    });
    auto options = api.options(loop);
    options.base_url = server.url();
    options.connections = 3;
    to = make_resend_transport(options);
    std::vector<mail> mails;
    for (int i = 0; i < 12; ++i)
        mails.push_back(with_file(std::to_string(i)));
    for (const auto& each : deliver(mails))
        EXPECT_EQ(each.id, "x");
    EXPECT_EQ(most, 3);
    EXPECT_EQ(server.accepted(), 3);
}

// --- Failing ----------------------------------------------------------------------------------------------------

TEST_F(ResendTransport, SaysWhatCameOfItAndSendsOnce) {
    for (const auto& each : mishaps())
        for (const bool in_batch : {false, true}) {
            SCOPED_TRACE(each.name + (in_batch ? " in a batch" : ""));
            std::vector<mail> mails{make_mail(each.name + std::to_string(in_batch))};
            if (in_batch)
                mails.push_back(make_mail(each.name + " too"));
            for (int i = 0; i < each.times;
                 ++i) // libcurl asks again by itself where a kept connection turns out closed
                api.next.push_back(each.first);
            for (const auto& done : deliver(mails)) {
                ASSERT_TRUE(done.failure);
                EXPECT_EQ(done.failure->code(), each.code) << done.failure->what();
                EXPECT_EQ(done.failure->retryable(), each.retryable);
                EXPECT_EQ(done.failure->uncertain(), each.uncertain);
                EXPECT_EQ(done.failure->retry_after(), each.retry_after);
                const std::string sentence = done.failure->what();
                for (const char* secret : {"re_test", "ann@", "example.org"})
                    EXPECT_EQ(sentence.find(secret), std::string::npos) << sentence;
            }
            api.next.clear();
            for (const auto& done : deliver(mails))
                EXPECT_FALSE(done.failure) << done.failure->what();
            for (const auto& m : mails)
                EXPECT_EQ(api.accepted[m.subject], 1) << "though it was handed over twice";
        }
}

TEST_F(ResendTransport, IsCertainWhereNobodyListens) {
    std::uint16_t port = 0;
    {
        const http::test_server gone(loop.get_executor(), http::silent());
        port = gone.port();
    }
    auto options = api.options(loop);
    options.base_url = "http://127.0.0.1:" + std::to_string(port);
    to = make_resend_transport(options);
    const auto why = failure_of({make_mail()});
    EXPECT_EQ(why.code(), infra::errc::unavailable);
    EXPECT_TRUE(why.retryable());
    EXPECT_FALSE(why.uncertain());
    EXPECT_EQ(why.name(), "connect");
}

TEST_F(ResendTransport, EndsAtTheDeadlineAndLeavesOpenWhatWasSent) {
    api.next.push_back({.is_silent = true});
    const auto why = failure_of({make_mail()}, 50ms);
    EXPECT_EQ(why.code(), infra::errc::timed_out);
    EXPECT_TRUE(why.retryable() && why.uncertain());
    EXPECT_EQ(deliver({make_mail()}).at(0).id, "id-1");
    EXPECT_EQ(api.accepted["Hi"], 1);
    const auto late = failure_of({make_mail("late")}, 0ms);
    EXPECT_EQ(late.code(), infra::errc::timed_out);
    EXPECT_FALSE(late.uncertain());
}

TEST_F(ResendTransport, CanBeCancelledAtAnyMoment) {
    for (const bool many : {false, true})
        for (int moment = 0; moment < 30; ++moment) {
            std::vector<mail> mails{make_mail(std::to_string(moment))};
            for (int i = 0; many && i < 5; ++i)
                mails.push_back(with_file(std::to_string(moment) + "-" + std::to_string(i)));
            asio::cancellation_signal stop;
            const auto sending = loop.spawn(to->deliver(mails, deadline::after(30s)), stop.slot());
            for (int i = 0; i < moment; ++i)
                loop.io.poll_one();
            loop.cancel(stop);
            loop.until([&] { return sending->done(); });
            if (sending->failure)
                EXPECT_EQ(sending->code(), asio::error::operation_aborted) << sending->what();
            for (const auto& done : deliver(mails))
                EXPECT_FALSE(done.failure) << done.failure->what();
        }
    for (const auto& [subject, times] : api.accepted)
        EXPECT_EQ(times, 1) << subject;
}

// --- The rate ---------------------------------------------------------------------------------------------------

struct ResendRateKept : ResendTransport {
    manual_clock time;

    ResendRateKept() {
        auto options = api.options(loop);
        options.time = &time;
        to = make_resend_transport(options);
    }
    deadline in(std::chrono::milliseconds d) const { return deadline::after(d, time.steady()); }
    auto begin(const std::string& subject, std::chrono::milliseconds within = 30s) {
        auto sending = loop.spawn(to->deliver({make_mail(subject)}, in(within)));
        loop.settle();
        return sending;
    }
};

TEST_F(ResendRateKept, ByWhatTheAnswersTell) {
    api.fields = "ratelimit-limit: 2\r\nratelimit-policy: 2;w=1\r\nratelimit-remaining: 1\r\nratelimit-reset: 1\r\n";
    EXPECT_TRUE(begin("a")->done() && begin("b")->done());
    const auto third = begin("c");
    EXPECT_FALSE(third->done());
    EXPECT_EQ(api.requests.size(), 2u);
    time.advance(1s);
    loop.until([&] { return third->done(); });
    EXPECT_EQ(third->value->at(0).id, "id-3");
}

TEST_F(ResendRateKept, ForAsLongAsA429Says) {
    api.next.push_back({.accepts = false, .says = refusal(429, "rate_limit_exceeded", "Retry-After: 7\r\n")});
    EXPECT_EQ(begin("a")->value->at(0).failure->retry_after(), 7s);
    const auto impatient = begin("b", 5s)->value->at(0).failure.value();
    EXPECT_EQ(impatient.code(), infra::errc::overloaded);
    EXPECT_EQ(impatient.retry_after(), 7s);
    EXPECT_TRUE(impatient.retryable());
    EXPECT_FALSE(impatient.uncertain());
    EXPECT_EQ(api.requests.size(), 1u) << "it was not even asked";
    const auto patient = begin("a");
    time.advance(7s);
    loop.until([&] { return patient->done(); });
    EXPECT_EQ(api.accepted["a"], 1);
}

TEST_F(ResendRateKept, NotForAMailThatHasToWaitAlone) {
    for (const auto* name : {"daily_quota_exceeded", "concurrent_idempotent_requests"}) {
        const int status = name[0] == 'd' ? 429 : 409;
        api.next.push_back({.accepts = false, .says = refusal(status, name, "Retry-After: 3600\r\n")});
        EXPECT_EQ(begin("a")->value->at(0).failure->retry_after(), 1h);
        EXPECT_FALSE(begin(name)->value->at(0).failure);
    }
}

TEST_F(ResendRateKept, ByWhatWeAllowOurselves) {
    auto options = api.options(loop);
    options.time = &time;
    options.max_per_second = 1;
    to = make_resend_transport(options);
    EXPECT_TRUE(begin("a")->done());
    const auto second = begin("b");
    EXPECT_FALSE(second->done());
    time.advance(1s);
    loop.until([&] { return second->done(); });
}

// --- Living -----------------------------------------------------------------------------------------------------

TEST(ResendTransportThreads, WorksOnAThreadOfItsOwnForManyLoops) {
    event_loop there;
    mock api(there.get_executor());
    there.start();
    std::vector<std::future<std::vector<delivery>>> all;
    {
        const auto to = make_resend_transport({.api_key = "re_test", .base_url = api.url(), .connections = 7});
        event_loops loops(3);
        loops.start();
        for (int i = 0; i < 200; ++i)
            all.push_back(asio::co_spawn(loops.next().get_executor(),
                                         to->deliver({make_mail(std::to_string(i))}, deadline::after(60s)),
                                         asio::use_future));
        for (auto& each : all)
            EXPECT_FALSE(each.get().at(0).failure);
    }
    there.stop();
    EXPECT_EQ(api.accepted.size(), 200u);
    EXPECT_LE(api.connections(), 7);
}

TEST(ResendTransportLife, MayEndUnused) { make_resend_transport({.api_key = "re_test"}); }

TEST(ResendTransportLife, IsFoundByItsScheme) {
    ::setenv("RESEND_API_KEY", "re_test", 1);
    const auto made = make_transport("resend:");
    EXPECT_EQ(made->name(), "resend");
    EXPECT_TRUE(made->traits().keeps_keys);
    EXPECT_TRUE(made->traits().schedules && made->traits().hosts_templates && made->traits().has_topics);
    EXPECT_EQ(made->traits().max_batch, 100u);
}

} // namespace
} // namespace infra::email::resend
