// What becomes of those who wait when their connection is lost.

#include "tests/multiplexer_stage.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

TEST(Multiplexer, KeepsWhatWasNotWritten) {
    stage s;
    s.ask("a", "INCR a");
    s.m.lost(false);
    EXPECT_EQ(s.ended(), "");
    EXPECT_EQ(s.write(), "[\"INCR\" \"a\"]");
    s.answer(1);
    EXPECT_EQ(s.ended(), "a=1");
}

TEST(Multiplexer, SendsAgainOnlyWhatDoesNoHarm) {
    stage s;
    s.ask("get", "GET a");
    s.ask("incr", "INCR a");
    s.ask("set", "SET a 1");
    s.ask("lock", "SET a 1 NX");
    s.write();
    s.ask("later", "INCR b");
    s.m.lost(false);
    EXPECT_EQ(s.ended(), "incr:lost lock:lost");
    EXPECT_EQ(s.write(), "[\"GET\" \"a\"] [\"SET\" \"a\" \"1\"] [\"INCR\" \"b\"]") << "in the order of asking";
    EXPECT_EQ(s.m.replayed(), 2u);
    s.answer(1);
    s.answer(2);
    s.answer(3);
    EXPECT_EQ(s.ended(), "get=1 set=2 later=3");
    EXPECT_EQ(s.m.bytes(), 0u);
    EXPECT_EQ(s.m.commands(), 0u);
}

TEST(Multiplexer, TellsByTheLastByteWhetherACommandWasSent) {
    stage s;
    s.ask("a", "INCR a");
    s.ask("b", "INCR b");
    s.ask("c", "INCR c");
    const auto each = s.m.to_write().size() / 3;
    s.m.written(each * 2 - 1);
    s.m.lost(false);
    EXPECT_EQ(s.ended(), "a:lost") << "b lacks a byte: no server acts on that";
    EXPECT_EQ(s.to_write(), "[\"INCR\" \"b\"] [\"INCR\" \"c\"]");
}

TEST(Multiplexer, TrustsNoByteWhereNobodyKnowsHowManyLeft) {
    stage s;
    s.ask("a", "INCR a");
    s.ask("b", "GET b");
    s.m.to_write();
    s.m.lost(true);
    EXPECT_EQ(s.ended(), "a:lost");
    EXPECT_EQ(s.write(), "[\"GET\" \"b\"]");
}

TEST(Multiplexer, TakesABatchForSentAsSoonAsItsFirstCommandMayBe) {
    stage s;
    s.ask("a", "INCR a;INCR b");
    s.m.written(s.m.to_write().size() - 1);
    s.m.lost(false);
    EXPECT_EQ(s.ended(), "a:lost");
}

TEST(Multiplexer, SendsAgainTheUnansweredTailOfABatch) {
    stage s;
    s.ask("a", "INCR a;GET b;GET c");
    s.write();
    s.answer(1);
    s.m.lost(false);
    EXPECT_EQ(s.ended(), "");
    EXPECT_EQ(s.write(), "[\"GET\" \"b\"] [\"GET\" \"c\"]");
    s.answer(2);
    s.answer(3);
    EXPECT_EQ(s.ended(), "a=1,2,3");
}

TEST(Multiplexer, FailsABatchWhoseTailMayHaveBeenExecuted) {
    stage s;
    s.ask("a", "GET a;INCR b");
    s.write();
    s.answer(1);
    s.m.lost(false);
    EXPECT_EQ(s.ended(), "a:lost");
}

TEST(Multiplexer, KeepsATransactionWhoseEndNeverLeft) {
    stage s;
    s.ask("t", "MULTI;INCR a;EXEC", steady_time::max(), true);
    s.m.written(s.m.to_write().size() - 1);
    s.m.lost(false);
    EXPECT_EQ(s.ended(), "");
    EXPECT_EQ(s.write(), "[\"MULTI\"] [\"INCR\" \"a\"] [\"EXEC\"]");
    s.m.lost(false);
    EXPECT_EQ(s.ended(), "t:lost");
}

TEST(Multiplexer, SendsAWholeTransactionAgainIfAllOfItMayBe) {
    stage s;
    s.ask("t", "MULTI;SET a 1;EXEC", steady_time::max(), true);
    s.write();
    s.answer(1);
    s.answer(2);
    s.m.lost(false);
    EXPECT_EQ(s.write(), "[\"MULTI\"] [\"SET\" \"a\" \"1\"] [\"EXEC\"]");
    for (int n : {3, 4, 5})
        s.answer(n);
    EXPECT_EQ(s.ended(), "t=3,4,5");
}

TEST(Multiplexer, GivesUpACommandThatBringsEveryConnectionDown) {
    stage s;
    s.ask("a", "GET poison");
    for (int i = 0; i < 3; ++i) {
        s.write();
        s.m.lost(false);
        EXPECT_EQ(s.ended(), "");
    }
    s.write();
    s.m.lost(false);
    EXPECT_EQ(s.ended(), "a:lost");
}

TEST(Multiplexer, DropsTheAbandonedWithTheConnection) {
    stage s;
    s.ask("a", "GET a");
    s.write();
    s.cancel("a");
    s.ended();
    s.m.lost(false);
    EXPECT_TRUE(s.m.is_idle());
    EXPECT_EQ(s.m.commands(), 0u);
    EXPECT_EQ(s.m.bytes(), 0u);
    EXPECT_EQ(s.write(), "");
}

TEST(Multiplexer, NamesTheCommandWhoseReplyIsDue) {
    stage s;
    EXPECT_EQ(s.m.oldest(), nullptr);
    s.ask("a", "GET a;MGET b");
    s.write();
    EXPECT_EQ(s.m.oldest()->name(), "GET");
    s.answer(1);
    EXPECT_EQ(s.m.oldest()->name(), "MGET");
    s.m.fail_oldest(errc::too_large);
    EXPECT_EQ(s.ended(), "a:failed when sent");
    EXPECT_EQ(s.m.oldest(), nullptr);
}

} // namespace
} // namespace infra::redis::detail
