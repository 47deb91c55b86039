#include "src/failover_plan.hpp"

#include <gtest/gtest.h>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

send_error certain(boost::system::error_code code, bool retryable = false) {
    return {code, "it failed", {.name = "word", .status = 503, .retryable = retryable}};
}
send_error uncertain(boost::system::error_code code) {
    return {code, "the answer was lost", {.name = "lost", .retryable = true, .uncertain = true}};
}

TEST(FailoverPlan, MovesOnOnlyWhenAnotherTransportMayTakeIt) {
    struct row {
        send_error why;
        bool moves, rests;
    };
    const row table[] = {
        {certain(infra::errc::unavailable, true), true, true},
        {certain(infra::errc::overloaded, true), true, true},
        {certain(infra::errc::timed_out, true), true, true},
        {certain(infra::errc::io), true, true},
        {certain(infra::errc::misconfigured), true, true},
        {certain(errc::unauthorized), true, true},
        {certain(errc::quota_exceeded), true, true},
        {certain(errc::refused, true), true, false}, // of this mail, and perhaps only here: a mailbox that is busy
        {certain(errc::refused), false, false},
        {certain(errc::bad_address), false, false},
        {certain(errc::too_large), false, false},
        {certain(errc::unsupported), false, false},
        {certain(errc::key_reused), false, false},
        {uncertain(infra::errc::unavailable), false, true},
        {uncertain(infra::errc::timed_out), false, true},
        {uncertain(errc::refused), false, true},
    };
    for (const auto& [why, moves, rests] : table) {
        EXPECT_EQ(moves_on(why), moves) << why.code() << why.what();
        EXPECT_EQ(needs_rest(why), rests) << why.code() << why.what();
    }
}

TEST(FailoverPlan, SaysHowAllFailed) {
    const auto all = failure_of_all({{"resend", certain(errc::quota_exceeded)}, {"smtp", certain(errc::unauthorized)}});
    EXPECT_STREQ(all.what(), "resend: it failed; smtp: it failed");
    EXPECT_EQ(all.code(), errc::unauthorized);
    EXPECT_FALSE(all.retryable());
}

TEST(FailoverPlan, MayBeTriedAgainWhenAnyOfThemMay) {
    const send_error in_a_minute(infra::errc::overloaded, "too many",
                                 {.name = "rate", .status = 429, .retryable = true, .retry_after = 60s});
    const send_error soon(infra::errc::unavailable, "down", {.name = "down", .retryable = true, .retry_after = 2s});
    const auto all = failure_of_all({{"a", in_a_minute}, {"b", soon}, {"c", certain(errc::unauthorized)}});
    EXPECT_EQ(all.code(), infra::errc::overloaded);
    EXPECT_EQ(all.name(), "rate");
    EXPECT_EQ(all.status(), 429);
    EXPECT_TRUE(all.retryable());
    EXPECT_EQ(all.retry_after(), 2s) << "the first that may take it";
}

TEST(FailoverPlan, IsWhatTheLastSaysWhereThatIsFinal) {
    const auto refused =
        failure_of_all({{"a", certain(infra::errc::unavailable, true)}, {"b", certain(errc::refused)}});
    EXPECT_EQ(refused.code(), errc::refused);
    EXPECT_FALSE(refused.retryable());
    const auto lost =
        failure_of_all({{"a", certain(infra::errc::unavailable, true)}, {"b", uncertain(infra::errc::timed_out)}});
    EXPECT_EQ(lost.code(), infra::errc::timed_out);
    EXPECT_TRUE(lost.uncertain());
    EXPECT_FALSE(lost.safe_to_repeat());
    EXPECT_TRUE(failure_of_all({{"b", uncertain(infra::errc::timed_out), true}}).safe_to_repeat()) << "it keeps keys";
    EXPECT_FALSE(failure_of_all({{"b", certain(infra::errc::unavailable, true), true}}).safe_to_repeat());
}

TEST(FailoverPlan, AsksThoseThatRestLast) {
    const steady_time now(100s);
    rests r(3);
    using order = std::vector<std::size_t>;
    EXPECT_EQ(r.order(now), (order{0, 1, 2}));
    r.rest(0, now + 10s);
    EXPECT_EQ(r.order(now), (order{1, 2, 0}));
    r.rest(1, now + 5s);
    EXPECT_EQ(r.order(now), (order{2, 0, 1}));
    EXPECT_EQ(r.order(now + 5s), (order{1, 2, 0})) << "the time is over";
    r.wake(0);
    EXPECT_EQ(r.order(now), (order{0, 2, 1}));
}

TEST(FailoverPlan, LeavesAMailWithTheTransportThatMayHaveIt) {
    holders h(10);
    EXPECT_EQ(h.holder_of("k", 1), 1u);
    h.begin("k", 0);
    EXPECT_EQ(h.holder_of("k", 1), 0u);
    EXPECT_TRUE(h.release("k"));
    EXPECT_EQ(h.holder_of("k", 1), 1u) << "certainly not accepted";
    h.begin("k", 1);
    h.begin("k", 1);
    EXPECT_FALSE(h.release("k")) << "of two attempts, the other one may have been accepted";
    EXPECT_EQ(h.holder_of("k", 0), 1u);
}

TEST(FailoverPlan, RemembersTheLastMailsOnly) {
    holders h(2);
    for (const auto* key : {"a", "b", "c"})
        h.begin(key, 1);
    EXPECT_EQ(h.holder_of("a", 0), 0u);
    EXPECT_EQ(h.holder_of("b", 0), 1u);
    EXPECT_EQ(h.holder_of("c", 0), 1u);
    EXPECT_TRUE(h.release("a")) << "it is forgotten";
}

} // namespace
} // namespace infra::email
