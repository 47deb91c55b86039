// Who is ended before his reply is there, and what the clock is told.

#include "tests/multiplexer_stage.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using namespace std::chrono_literals;

const steady_time noon{std::chrono::hours(12)};

TEST(Multiplexer, EndsThoseWhoseTimeHasPassed) {
    stage s;
    s.ask("flying", "GET a", noon + 1s);
    s.write();
    s.ask("waiting", "GET b", noon + 1s);
    s.ask("patient", "GET c", noon + 2s);
    EXPECT_EQ(s.m.earliest(), noon + 1s);
    s.m.expire(noon + 999ms, infra::errc::timed_out);
    EXPECT_EQ(s.ended(), "");
    s.m.expire(noon + 1s, infra::errc::timed_out);
    EXPECT_EQ(s.ended(), "flying:unanswered waiting:failed unsent");
    EXPECT_EQ(s.callers["waiting"].r.failure, infra::errc::timed_out);
    EXPECT_EQ(s.m.earliest(), noon + 2s);
    EXPECT_EQ(s.write(), "[\"GET\" \"c\"]");
    s.answer(1);
    s.answer(2);
    EXPECT_EQ(s.ended(), "patient=2");
}

TEST(Multiplexer, RemembersThatWhatWaitsAgainHadBeenSent) {
    stage s;
    s.ask("a", "SET a 1", noon);
    s.write();
    s.m.lost(false);
    s.m.expire(noon, errc::not_connected);
    EXPECT_EQ(s.ended(), "a:unanswered");
}

TEST(Multiplexer, FailsAllAtTheEndAndSaysWhatWasSent) {
    stage s;
    s.ask("a", "GET a");
    s.write();
    s.ask("b", "GET b");
    s.m.fail_all(infra::errc::closed, errc::lost);
    EXPECT_EQ(s.ended(), "b:failed unsent a:lost");
    EXPECT_EQ(s.callers["b"].r.failure, infra::errc::closed);
}

TEST(Multiplexer, RefusesInTurn) {
    stage s;
    s.ask("a", "GET a");
    auto& refused = s.callers["b"].r;
    s.m.refuse(refused, infra::errc::overloaded);
    EXPECT_EQ(s.m.callers(), 1u);
    s.m.forget(refused);
    EXPECT_EQ(s.m.finished(), 0u);
    s.m.refuse(refused, infra::errc::overloaded);
    EXPECT_EQ(s.ended(), "b:failed unsent");
    EXPECT_EQ(s.m.commands(), 1u) << "it takes no room";
}

TEST(Multiplexer, IsOwedAnAnswerOnceARequestHasLeftAsAWhole) {
    stage s;
    EXPECT_FALSE(s.m.answer_is_due());
    s.ask("a", "GET a");
    s.ask("b", "SET b " + text(1000, 'x'));
    const auto size = s.m.to_write().size();
    s.m.written(19);
    EXPECT_FALSE(s.m.answer_is_due());
    s.m.written(1);
    EXPECT_TRUE(s.m.answer_is_due());
    s.answer(1);
    EXPECT_FALSE(s.m.answer_is_due()) << "b is still leaving";
    s.m.written(size - 20);
    EXPECT_TRUE(s.m.answer_is_due());
    s.answer(2);
    EXPECT_FALSE(s.m.answer_is_due());
}

TEST(Multiplexer, CountsAsSentAgainOnlyWhatIs) {
    stage s;
    s.ask("a", "GET a");
    s.write();
    s.m.lost(false);
    EXPECT_EQ(s.m.replayed(), 0u);
    s.write();
    EXPECT_EQ(s.m.replayed(), 1u);
}

} // namespace
} // namespace infra::redis::detail
