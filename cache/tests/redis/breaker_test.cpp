#include "src/redis/breaker.hpp"

#include <gtest/gtest.h>

namespace infra::cache::redis_backend {
namespace {

using namespace std::chrono_literals;
using gate = breaker::gate;
using ending = breaker::ending;
using finding = breaker::finding;

class CacheBreaker : public ::testing::Test {
protected:
    explicit CacheBreaker(breaker::whole behind = breaker::whole::one_server)
        : subject({.failures = 3, .patience = 500ms}, behind) {}

    /// One that is under way.
    struct operation {
        explicit operation(CacheBreaker& in, bool reads = true)
            : of(in), here(in.subject), got(in.subject.enter(here, in.now, reads)) {}
        finding end(ending how) { return of.subject.leave(here, how, of.now); }

        CacheBreaker& of;
        breaker::visit here;
        const gate got;
    };

    /// From its beginning to its end.
    finding run(ending how, std::chrono::milliseconds takes = 1ms) {
        operation one(*this);
        EXPECT_NE(one.got, gate::shut);
        now += takes;
        return one.end(how);
    }

    bool is_open() { return operation(*this).got == gate::shut; }
    /// Whether somebody who comes now is to see if the server answers.
    bool is_in_doubt() { return operation(*this).got == gate::suspect; }

    steady_time now{1h};
    breaker subject;
};

class CacheBreakerOfACluster : public CacheBreaker {
protected:
    CacheBreakerOfACluster() : CacheBreaker(breaker::whole::cluster) {}
};

TEST_F(CacheBreaker, LetsPassWhatIsAnswered) {
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(run(ending::answered, 10s), finding::nothing);
    EXPECT_FALSE(is_open());
}

TEST_F(CacheBreaker, WaitsForNobodyWhoWentWithHisLoop) {
    for (int i = 0; i < 10; ++i) {
        const operation lost(*this);
        now += 10s;
    }
    EXPECT_EQ(operation(*this).got, gate::pass) << "a doubt would ask the server for nothing";
}

TEST_F(CacheBreaker, CountsNobodyTwice) {
    operation one(*this);
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(one.end(ending::failed), finding::nothing);
    EXPECT_EQ(run(ending::failed), finding::nothing);
    EXPECT_EQ(one.end(ending::answered), finding::nothing) << "it has failed";
    EXPECT_EQ(run(ending::failed), finding::away);
}

TEST_F(CacheBreaker, OpensAfterFailuresInARow) {
    run(ending::failed);
    run(ending::failed);
    run(ending::answered);
    run(ending::failed);
    run(ending::failed);
    EXPECT_EQ(run(ending::failed), finding::away) << "the one that opens it is told";
    EXPECT_TRUE(is_open());
}

TEST_F(CacheBreaker, DoubtsASilentServerOnceThoughNobodyHasFailedYet) {
    operation first(*this);
    EXPECT_EQ(first.got, gate::pass);
    now += 499ms;
    EXPECT_FALSE(is_in_doubt());
    now += 1ms;
    EXPECT_TRUE(is_in_doubt());
    EXPECT_FALSE(is_in_doubt()) << "one who asks is enough";
    first.end(ending::answered);
    const operation second(*this);
    now += 500ms;
    EXPECT_TRUE(is_in_doubt()) << "and again after an answer";
    subject.mended(now);
    EXPECT_FALSE(is_in_doubt());
}

TEST_F(CacheBreaker, DoubtsAgainWhereNobodyCameToAsk) {
    const operation waiting(*this);
    now += 500ms;
    EXPECT_TRUE(is_in_doubt()) << "and the loop of who was told so ends";
    now += 499ms;
    EXPECT_FALSE(is_in_doubt());
    now += 1ms;
    EXPECT_TRUE(is_in_doubt());
}

TEST_F(CacheBreaker, TakesAnyAnswerForASignOfLife) {
    operation slow(*this);
    for (int i = 0; i < 10; ++i) {
        run(ending::answered, 400ms);
        EXPECT_FALSE(is_in_doubt());
    }
    EXPECT_EQ(slow.end(ending::failed), finding::nothing);
}

TEST_F(CacheBreaker, TakesAnIdleTimeForNoSilence) {
    run(ending::answered);
    now += 1h;
    EXPECT_EQ(operation(*this).got, gate::pass);
}

TEST_F(CacheBreaker, HoldsNothingAgainstAServerWhoseCallersLeaveSoon) {
    for (int i = 0; i < 10; ++i)
        EXPECT_NE(run(ending::abandoned, 499ms), finding::away);
    EXPECT_FALSE(is_open());
}

TEST_F(CacheBreaker, DoubtsAServerWhoseCallersLeaveSoonAndUnanswered) {
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(run(ending::abandoned, 100ms), finding::nothing);
    EXPECT_EQ(run(ending::abandoned, 100ms), finding::doubt);
    EXPECT_EQ(run(ending::abandoned, 100ms), finding::nothing);
    run(ending::answered);
    now += 500ms;
    EXPECT_FALSE(is_in_doubt());
}

TEST_F(CacheBreaker, OpensWhenACallerLeavesOrFailsAfterLongSilence) {
    EXPECT_EQ(run(ending::abandoned, 500ms), finding::away);
    EXPECT_TRUE(is_open());
    subject.mended(now);
    EXPECT_EQ(run(ending::failed, 500ms), finding::away);
    EXPECT_TRUE(is_open());
}

TEST_F(CacheBreaker, HoldsASlowFailureAgainstNobodyWhoAnsweredMeanwhile) {
    operation slow(*this);
    for (int i = 0; i < 5; ++i)
        run(ending::answered, 200ms);
    EXPECT_EQ(slow.end(ending::failed), finding::nothing);
    EXPECT_FALSE(is_in_doubt());
}

TEST_F(CacheBreakerOfACluster, DoubtsAMasterThatIsSilentWhileOthersAnswer) {
    const operation silent(*this);
    for (int i = 0; i < 499; ++i)
        EXPECT_EQ(run(ending::answered), finding::nothing);
    EXPECT_FALSE(is_in_doubt());
    run(ending::answered);
    EXPECT_TRUE(is_in_doubt());
    EXPECT_FALSE(is_in_doubt());
    now += 100ms;
    EXPECT_FALSE(subject.mended(now)) << "all answer: it is one that is slow";
    now += 499ms;
    EXPECT_FALSE(is_in_doubt());
    now += 1ms;
    EXPECT_TRUE(is_in_doubt()) << "which may have gone since";
}

TEST_F(CacheBreakerOfACluster, IsInDoubtWhenSomebodyFailsAfterLongThoughNobodyHasComeSince) {
    operation silent(*this);
    now += 100ms;
    run(ending::answered, 1900ms);
    EXPECT_EQ(silent.end(ending::failed), finding::doubt);
    EXPECT_FALSE(is_open());
}

TEST_F(CacheBreakerOfACluster, DoubtsAMasterWhoseCallersLeaveSoonWhileOthersAnswer) {
    EXPECT_EQ(run(ending::abandoned, 100ms), finding::nothing);
    run(ending::answered, 399ms);
    EXPECT_FALSE(is_in_doubt());
    run(ending::answered);
    EXPECT_TRUE(is_in_doubt());
    now += 500ms;
    EXPECT_FALSE(is_in_doubt()) << "who has left is asked for once";
}

TEST_F(CacheBreaker, LetsWritesPassBeforeReadsWhenTheServerIsBack) {
    const auto write = [&] { return operation(*this, false).got; };
    subject.trip();
    EXPECT_EQ(write(), gate::shut);
    subject.answers(now);
    EXPECT_TRUE(is_open());
    EXPECT_EQ(write(), gate::pass);
    EXPECT_FALSE(subject.trip()) << "what could not be written is owed with the rest";
    EXPECT_EQ(write(), gate::pass);
    EXPECT_FALSE(subject.mended(now)) << "which may have been owed after the last look at what is";
    EXPECT_TRUE(is_open());
    EXPECT_TRUE(subject.mended(now));
    EXPECT_FALSE(subject.mended(now));
    EXPECT_FALSE(is_open());
}

TEST_F(CacheBreaker, OpensAgainWhenTheServerGoesWhileItIsMended) {
    subject.trip();
    subject.answers(now);
    operation write(*this, false);
    EXPECT_EQ(write.got, gate::pass);
    now += 500ms;
    EXPECT_EQ(write.end(ending::failed), finding::nothing) << "it has been told of already";
    EXPECT_EQ(operation(*this, false).got, gate::shut);
}

TEST_F(CacheBreaker, IsTrippedOnce) {
    EXPECT_TRUE(subject.trip());
    EXPECT_FALSE(subject.trip());
    EXPECT_TRUE(is_open());
}

TEST_F(CacheBreaker, ClosesOnceItIsMendedAndForgetsWhatWas) {
    operation first(*this), second(*this), third(*this);
    now += 600ms;
    EXPECT_TRUE(subject.trip());
    subject.mended(now);
    EXPECT_FALSE(is_in_doubt()) << "what waits since before says nothing of now";
    now += 1ms;
    for (auto* each : {&first, &second, &third})
        EXPECT_EQ(each->end(ending::failed), finding::nothing);
    EXPECT_FALSE(is_open());
}

} // namespace
} // namespace infra::cache::redis_backend
