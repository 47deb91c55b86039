#include "src/redis/breaker.hpp"

#include <gtest/gtest.h>

namespace infra::cache::redis_backend {
namespace {

using namespace std::chrono_literals;
using gate = breaker::gate;
using ending = breaker::ending;

class CacheBreaker : public ::testing::Test {
protected:
    /// An operation from its beginning to its end.
    void run(ending how, std::chrono::milliseconds takes = 1ms) {
        ASSERT_EQ(subject.enter(now, true), gate::pass);
        const auto asked = now;
        now += takes;
        subject.leave(how, asked, now);
    }

    bool is_open() {
        const bool open = subject.enter(now, true) != gate::pass;
        if (!open)
            subject.leave(ending::answered, now, now);
        return open;
    }

    steady_time now{1h};
    breaker subject{{.failures = 3, .patience = 500ms}};
};

TEST_F(CacheBreaker, LetsPassWhatIsAnswered) {
    for (int i = 0; i < 10; ++i)
        run(ending::answered, 10s);
    EXPECT_FALSE(is_open());
}

TEST_F(CacheBreaker, WaitsForNobodyWhoWentWithHisLoop) {
    ASSERT_EQ(subject.enter(now, true), gate::pass);
    EXPECT_FALSE(subject.leave(ending::lost, {}, {}));
    now += 10s;
    EXPECT_EQ(subject.enter(now, true), gate::pass) << "a suspicion would ask the server for nothing";
    subject.leave(ending::answered, now, now);
    for (int i = 0; i < 10; ++i) {
        ASSERT_EQ(subject.enter(now, true), gate::pass);
        EXPECT_FALSE(subject.leave(ending::lost, {}, {}));
    }
    EXPECT_FALSE(is_open());
}

TEST_F(CacheBreaker, OpensAfterFailuresInARow) {
    run(ending::failed);
    run(ending::failed);
    run(ending::answered);
    run(ending::failed);
    run(ending::failed);
    EXPECT_EQ(subject.enter(now, true), gate::pass);
    EXPECT_TRUE(subject.leave(ending::failed, now, now)) << "the one that opens it is told";
    EXPECT_EQ(subject.enter(now, true), gate::shut);
}

TEST_F(CacheBreaker, SuspectsASilentServerOnceThoughNobodyHasFailedYet) {
    EXPECT_EQ(subject.enter(now, true), gate::pass);
    now += 499ms;
    EXPECT_EQ(subject.enter(now, true), gate::pass);
    now += 1ms;
    EXPECT_EQ(subject.enter(now, true), gate::suspect);
    EXPECT_EQ(subject.enter(now, true), gate::pass) << "one who asks is enough";
    subject.leave(ending::answered, now, now);
    now += 500ms;
    EXPECT_EQ(subject.enter(now, true), gate::suspect) << "and again after an answer";
    subject.mended(now);
    EXPECT_EQ(subject.enter(now, true), gate::pass);
}

TEST_F(CacheBreaker, TakesAnyAnswerForASignOfLife) {
    const auto slow = now;
    EXPECT_EQ(subject.enter(now, true), gate::pass);
    for (int i = 0; i < 10; ++i) {
        now += 400ms;
        run(ending::answered);
    }
    EXPECT_FALSE(subject.leave(ending::answered, slow, now));
}

TEST_F(CacheBreaker, TakesAnIdleTimeForNoSilence) {
    run(ending::answered);
    now += 1h;
    EXPECT_EQ(subject.enter(now, true), gate::pass);
}

TEST_F(CacheBreaker, HoldsNothingAgainstAServerWhoseCallersLeaveSoon) {
    for (int i = 0; i < 10; ++i)
        run(ending::abandoned, 499ms);
    EXPECT_FALSE(is_open());
}

TEST_F(CacheBreaker, OpensWhenACallerLeavesOrFailsAfterLongSilence) {
    run(ending::abandoned, 500ms);
    EXPECT_TRUE(is_open());
    subject.mended(now);
    run(ending::failed, 500ms);
    EXPECT_TRUE(is_open());
}

TEST_F(CacheBreaker, HoldsASlowFailureAgainstNobodyWhoAnsweredMeanwhile) {
    EXPECT_EQ(subject.enter(now, true), gate::pass);
    const auto slow = now;
    for (int i = 0; i < 5; ++i) {
        now += 200ms;
        run(ending::answered);
    }
    EXPECT_FALSE(subject.leave(ending::failed, slow, now));
}

TEST_F(CacheBreaker, LetsWritesPassBeforeReadsWhenTheServerIsBack) {
    subject.trip();
    EXPECT_EQ(subject.enter(now, false), gate::shut);
    subject.answers(now);
    EXPECT_EQ(subject.enter(now, true), gate::shut);
    EXPECT_EQ(subject.enter(now, false), gate::pass);
    subject.leave(ending::answered, now, now);
    EXPECT_FALSE(subject.trip()) << "what could not be written is owed with the rest";
    EXPECT_EQ(subject.enter(now, false), gate::pass);
    EXPECT_FALSE(subject.mended(now)) << "which may have been owed after the last look at what is";
    EXPECT_EQ(subject.enter(now, true), gate::shut);
    EXPECT_TRUE(subject.mended(now));
    EXPECT_FALSE(subject.mended(now));
    EXPECT_EQ(subject.enter(now, true), gate::pass);
}

TEST_F(CacheBreaker, OpensAgainWhenTheServerGoesWhileItIsMended) {
    subject.trip();
    subject.answers(now);
    EXPECT_EQ(subject.enter(now, false), gate::pass);
    const auto asked = now;
    now += 500ms;
    EXPECT_FALSE(subject.leave(ending::failed, asked, now)) << "it has been told of already";
    EXPECT_EQ(subject.enter(now, false), gate::shut);
}

TEST_F(CacheBreaker, IsTrippedOnce) {
    EXPECT_TRUE(subject.trip());
    EXPECT_FALSE(subject.trip());
    EXPECT_EQ(subject.enter(now, true), gate::shut);
}

TEST_F(CacheBreaker, ClosesOnceItIsMendedAndForgetsWhatWas) {
    const auto before = now;
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(subject.enter(now, true), gate::pass);
    now += 600ms;
    EXPECT_TRUE(subject.trip());
    subject.mended(now);
    EXPECT_EQ(subject.enter(now, true), gate::pass) << "what waits since before says nothing of now";
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(subject.leave(ending::failed, before, now + 1ms));
    EXPECT_FALSE(is_open());
}

} // namespace
} // namespace infra::cache::redis_backend
