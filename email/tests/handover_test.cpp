#include "tests/scripted_transport.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

const send_error down{infra::errc::unavailable, "no connection", {.retryable = true}};
const send_error lost{infra::errc::unavailable, "the answer was lost", {.retryable = true, .uncertain = true}};
const send_error limited{infra::errc::overloaded,
                         "too many requests",
                         {.name = "rate_limit_exceeded", .status = 429, .retryable = true, .retry_after = 3s}};
const send_error refused{errc::refused, "not this", {.status = 422}};

struct Handover : ::testing::Test, scripted_mail {
    void keep_no_keys() {
        to = std::make_shared<scripted_transport>(time, transport_traits{});
        options.transport = to;
    }

    std::vector<std::chrono::milliseconds> times() const {
        std::vector<std::chrono::milliseconds> all;
        for (const auto& each : to->calls)
            all.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(each.at - to->calls.at(0).at));
        return all;
    }
};

TEST_F(Handover, TriesTheSameMailAgain) {
    to->fail(down);
    to->fail(limited);
    auto m = make_message();
    m.idempotency_key = "job-7";
    const auto id = run_on(time, mailer(options).send(m));
    EXPECT_EQ(times(), (std::vector<std::chrono::milliseconds>{0ms, 500ms, 3500ms}));
    for (const auto& [mails, limit, at] : to->calls) {
        ASSERT_EQ(mails.size(), 1u);
        EXPECT_EQ(mails[0].id, id);
        EXPECT_EQ(mails[0].date, to->calls[0].mails[0].date);
        EXPECT_EQ(mails[0].idempotency_key, "job-7");
    }
}

TEST_F(Handover, TellsTheLastFailureAndHowOftenItTried) {
    for (int i = 0; i < 3; ++i)
        to->fail(down);
    to->fail(limited);
    const auto e = refusal(make_message());
    EXPECT_EQ(to->calls.size(), 4u);
    EXPECT_STREQ(e.what(), "too many requests; tried 4 times");
    EXPECT_EQ(e.name(), "rate_limit_exceeded");
    EXPECT_EQ(e.retry_after(), 3s);
    EXPECT_FALSE(e.uncertain());
}

TEST_F(Handover, DoesNotTryAgainWhatWillNotPass) {
    to->fail(refused);
    EXPECT_STREQ(refusal(make_message()).what(), "not this");
    EXPECT_EQ(to->calls.size(), 1u);
}

TEST_F(Handover, GivesUpAtOnceWhereThePauseWouldPassTheDeadline) {
    const auto began = time.steady();
    to->fail(limited);
    const auto e = refusal(make_message(), {.limit = deadline::after(3s, began)});
    EXPECT_EQ(e.code(), infra::errc::overloaded);
    EXPECT_STREQ(e.what(), "too many requests; not tried again: the deadline comes before the next attempt");
    EXPECT_EQ(since(began), 0ms);
}

TEST_F(Handover, TakesAnAttemptThatIsTooLongForALostAnswer) {
    to->hang();
    const auto began = time.steady();
    run_on(time, mailer(options).send(make_message()));
    EXPECT_EQ(times(), (std::vector<std::chrono::milliseconds>{0ms, 10'500ms}));
    EXPECT_EQ(to->calls[0].limit.time(), began + 10s - 250ms) << "told a little before it is ended";

    keep_no_keys();
    to->hang();
    const auto e = refusal(make_message());
    EXPECT_EQ(e.code(), infra::errc::timed_out);
    EXPECT_STREQ(e.what(), "the transport scripted did not answer in time; not tried again: it may have been accepted, "
                           "and the transport keeps no keys");
    EXPECT_TRUE(e.uncertain());
    EXPECT_EQ(to->calls.size(), 1u);
}

TEST_F(Handover, EndsAtItsDeadlineWhateverTheTransportDoes) {
    for (int i = 0; i < 4; ++i)
        to->hang();
    const auto began = time.steady();
    const auto e = refusal(make_message(), {.limit = deadline::after(12s, began)});
    EXPECT_EQ(e.code(), infra::errc::timed_out);
    EXPECT_TRUE(e.uncertain());
    EXPECT_EQ(since(began), 12s);
    EXPECT_EQ(to->calls.size(), 2u);
}

TEST_F(Handover, HandsNothingOverAfterItsDeadline) {
    const auto e = refusal(make_message(), {.limit = deadline(time.steady())});
    EXPECT_EQ(e.code(), infra::errc::timed_out);
    EXPECT_FALSE(e.uncertain());
    EXPECT_TRUE(to->calls.empty());
}

TEST_F(Handover, StaysUncertainOnceAnAnswerWasLost) {
    options.attempts = 2;
    to->fail(lost);
    to->fail(down);
    EXPECT_TRUE(refusal(make_message()).uncertain());
}

TEST_F(Handover, DoesNotTakeItsOwnAttemptForAnother) {
    const auto answer_as = [this](std::string id) {
        to->fail(lost);
        to->script.emplace_back([id](std::vector<mail> mails) -> awaitable<std::vector<delivery>> {
            co_return std::vector<delivery>{{.id = id.empty() ? mails[0].id : id, .duplicate = true}};
        });
        return send_batch({make_message()}).at(0);
    };
    EXPECT_FALSE(answer_as("").duplicate);
    EXPECT_TRUE(answer_as("somebody else's").duplicate);
}

TEST_F(Handover, TakesWhatATransportThrowsForTheFailureOfAll) {
    to->raise(error(infra::errc::unavailable, "out of order"));
    to->raise(limited);
    EXPECT_EQ(run_on(time, mailer(options).send(make_message())), to->calls.at(2).mails[0].id);

    to->raise(error(infra::errc::timed_out, "too slow"));
    run_on(time, mailer(options).send(make_message()));

    to->raise(std::runtime_error("a bug"));
    const auto e = refusal(make_message());
    EXPECT_STREQ(e.what(), "a bug");
    EXPECT_TRUE(e.uncertain());
    EXPECT_FALSE(e.retryable());
}

TEST_F(Handover, DoesNotBelieveTooFewAnswers) {
    to->script.emplace_back(
        [](std::vector<mail>) -> awaitable<std::vector<delivery>> { co_return std::vector<delivery>(); });
    const auto e = refusal(make_message());
    EXPECT_STREQ(e.what(), "the transport scripted answered 0 deliveries to 1 mails");
    EXPECT_TRUE(e.uncertain());
}

// In the pause, in an attempt: it ends at once, and hands nothing over any more.
TEST_F(Handover, IsCancelledAtAnyMoment) {
    for (int steps = 0; steps < 12; ++steps) {
        to->calls.clear();
        to->script.clear();
        to->fail(down);
        to->hang();
        asio::io_context loop{1};
        asio::cancellation_signal cancel;
        std::exception_ptr thrown;
        bool ended = false;
        auto end = [&](std::exception_ptr e, std::string) { thrown = e, ended = true; };
        asio::co_spawn(with_context(loop.get_executor()), mailer(options).send(make_message()),
                       asio::bind_cancellation_slot(cancel.slot(), end));
        loop.poll();
        for (int i = 0; i < steps; ++i, loop.restart(), loop.poll())
            time.advance(100ms);
        ASSERT_FALSE(ended);
        const auto calls = to->calls.size();
        cancel.emit(asio::cancellation_type::terminal);
        loop.restart();
        loop.poll();
        ASSERT_TRUE(ended) << steps;
        EXPECT_EQ(code_of(thrown), asio::error::operation_aborted) << steps;
        EXPECT_EQ(to->calls.size(), calls);
    }
}

} // namespace
} // namespace infra::email
