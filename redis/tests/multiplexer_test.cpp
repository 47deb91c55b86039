#include "tests/multiplexer_stage.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

TEST(Multiplexer, WritesTogetherWhatWasAskedTogether) {
    stage s;
    s.ask("a", "GET a");
    s.ask("b", "GET b;GET c");
    EXPECT_EQ(s.write(), "[\"GET\" \"a\"] [\"GET\" \"b\"] [\"GET\" \"c\"]");
    EXPECT_EQ(s.m.in_last_block(), 3u);
    EXPECT_EQ(s.to_write(), "");
    EXPECT_EQ(s.m.commands(), 3u);
}

TEST(Multiplexer, GivesRepliesInOrder) {
    stage s;
    s.ask("a", "GET a");
    s.ask("b", "GET b;GET c");
    s.write();
    EXPECT_TRUE(s.answer(1));
    EXPECT_TRUE(s.answer(2));
    EXPECT_EQ(s.ended(), "a=1") << "half a batch is none";
    EXPECT_TRUE(s.answer(3));
    EXPECT_EQ(s.ended(), "b=2,3");
    EXPECT_TRUE(s.m.is_idle());
    EXPECT_EQ(s.m.bytes(), 0u);
    EXPECT_EQ(s.m.commands(), 0u);
}

TEST(Multiplexer, RefusesAReplyNobodyWaitsFor) {
    stage s;
    EXPECT_FALSE(s.answer(1));
    s.ask("a", "GET a");
    EXPECT_FALSE(s.answer(1)) << "it has not been sent";
    s.write();
    EXPECT_TRUE(s.answer(1));
    EXPECT_FALSE(s.answer(2));
}

// On loopback the answer can overtake the news that the writing has ended.
TEST(Multiplexer, TakesRepliesBeforeItIsToldOfTheWriting) {
    stage s;
    s.ask("a", "GET a");
    const auto size = s.m.to_write().size();
    EXPECT_TRUE(s.answer(1));
    EXPECT_EQ(s.ended(), "a=1");
    s.m.written(size);
    EXPECT_EQ(s.to_write(), "");
}

TEST(Multiplexer, KeepsTheRestOfABlockUntilItIsWritten) {
    stage s;
    s.ask("a", "GET a");
    EXPECT_EQ(s.m.to_write().size(), 20u);
    s.m.written(5);
    s.ask("b", "GET b");
    EXPECT_EQ(s.m.to_write().size(), 15u) << "b waits for the next block";
    s.m.written(15);
    EXPECT_EQ(s.write(), "[\"GET\" \"b\"]");
}

TEST(Multiplexer, WritesInBlocks) {
    stage s({.block_bytes = 30});
    for (const char* each : {"a", "b", "c"})
        s.ask(each, text("GET ") + each);
    EXPECT_EQ(s.write(), "[\"GET\" \"a\"] [\"GET\" \"b\"]");
    EXPECT_EQ(s.write(), "[\"GET\" \"c\"]");
    EXPECT_EQ(s.write(), "");
}

TEST(Multiplexer, RefusesWhatIsOverItsBounds) {
    stage s({.max_commands = 3, .max_bytes = 100});
    EXPECT_TRUE(s.ask("a", "GET a;GET b"));
    EXPECT_FALSE(s.ask("b", "GET c;GET d")) << "four";
    EXPECT_TRUE(s.ask("c", "GET e"));
    EXPECT_FALSE(s.ask("d", "GET f")) << "four again";
    s.write();
    EXPECT_FALSE(s.ask("e", "GET g")) << "what is in flight counts";
    s.answer(1);
    s.answer(2);
    s.answer(3);
    EXPECT_FALSE(s.ask("f", "GET h;SET k " + text(80, 'x')) && s.ask("g", "GET i")) << "bytes count as well";
}

TEST(Multiplexer, TakesWhatIsAloneHoweverLarge) {
    stage s({.max_commands = 1, .max_bytes = 10});
    EXPECT_TRUE(s.ask("a", "SET a " + text(1000, 'x') + ";GET a"));
    EXPECT_FALSE(s.ask("b", "GET b"));
}

TEST(Multiplexer, ForgetsACancelledRequestThatWaits) {
    stage s;
    s.ask("a", "GET a");
    s.ask("b", "GET b");
    s.cancel("a");
    EXPECT_EQ(s.ended(), "a:failed unsent");
    EXPECT_EQ(s.write(), "[\"GET\" \"b\"]");
    s.answer(1);
    EXPECT_EQ(s.ended(), "b=1");
}

TEST(Multiplexer, DropsTheRepliesOfACancelledRequestInFlight) {
    stage s;
    s.ask("a", "GET a;GET b");
    s.ask("c", "GET c");
    s.write();
    s.answer(1);
    s.cancel("a");
    EXPECT_EQ(s.ended(), "a:failed when sent");
    EXPECT_EQ(s.m.commands(), 2u) << "its reply still takes room";
    EXPECT_EQ(s.m.callers(), 1u);
    EXPECT_TRUE(s.answer(2));
    EXPECT_EQ(s.ended(), "");
    EXPECT_TRUE(s.answer(3));
    EXPECT_EQ(s.ended(), "c=3");
    EXPECT_EQ(s.m.callers(), 0u);
}

TEST(Multiplexer, CancelsOnce) {
    stage s;
    s.ask("a", "GET a");
    s.write();
    s.answer(1);
    s.cancel("a");
    EXPECT_EQ(s.ended(), "a=1") << "it had its reply";
    s.cancel("a");
    EXPECT_EQ(s.ended(), "");
}

TEST(Multiplexer, ForgetsThoseThatGo) {
    stage s;
    for (const char* each : {"waiting", "flying", "ended"})
        s.ask(each, "GET x");
    s.cancel("ended");
    s.m.forget(s.callers["ended"].r);
    s.m.forget(s.callers["waiting"].r);
    s.write();
    s.m.forget(s.callers["flying"].r);
    EXPECT_EQ(s.m.callers(), 0u);
    EXPECT_TRUE(s.answer(1));
    EXPECT_EQ(s.ended(), "");
    EXPECT_TRUE(s.m.is_idle());
    EXPECT_EQ(s.m.bytes(), 0u);
}

} // namespace
} // namespace infra::redis::detail
