#include "src/multiplexer.hpp"

#include "tests/notation.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <sstream>

namespace infra::redis::detail {
namespace {

using namespace std::chrono_literals;
using text = std::string;

const steady_time noon{std::chrono::hours(12)};

/// A multiplexer, callers with names, and a log of what ended how. Commands are written as lines: "GET a; INCR b".
class stage {
public:
    explicit stage(multiplexer_bounds bounds = {}) : m(bounds) {}
    ~stage() {
        for (auto& [name, each] : callers)
            m.forget(each.r);
    }

    bool ask(const text& name, const text& lines, steady_time by = steady_time::max(), bool atomic = false) {
        auto& c = callers[name];
        std::istringstream in(lines);
        for (text line; std::getline(in, line, ';');)
            c.commands.push_back(command_of(line));
        c.replies.resize(c.commands.size());
        c.r.commands = c.commands;
        c.r.replies = c.replies;
        c.r.limit = by;
        c.r.atomic = atomic;
        return m.add(c.r);
    }

    /// What is to be written, as lines.
    text to_write() { return lines_of(m.to_write()); }
    text write() {
        const auto bytes = m.to_write();
        const auto lines = lines_of(bytes);
        m.written(bytes.size());
        return lines;
    }

    bool answer(std::int64_t n) { return m.answer(reply(n)); }

    /// Those that have ended since, in order: "a=1,2 b:lost".
    text ended() {
        text out;
        while (auto* r = m.next_finished()) {
            for (auto& [name, each] : callers)
                if (&each.r == r)
                    out += (out.empty() ? "" : " ") + name + outcome(each);
        }
        return out;
    }

    void cancel(const text& name) { m.cancel(callers[name].r, boost::asio::error::operation_aborted); }

    struct caller {
        std::vector<command> commands{};
        std::vector<reply> replies{};
        request r{};
    };

    multiplexer m;
    std::map<text, caller> callers;

private:
    static command command_of(const text& line) {
        std::istringstream in(line);
        text word_;
        in >> word_;
        command c{std::string_view(word_)};
        while (in >> word_)
            c.add(word_);
        return c;
    }

    static text lines_of(std::string_view bytes) {
        text out;
        for (auto& each : parse(bytes).messages)
            out += (out.empty() ? "" : " ") + each;
        return out;
    }

    static text outcome(const caller& c) {
        if (c.r.failure == errc::lost)
            return ":lost";
        if (c.r.failure == errc::unanswered)
            return ":unanswered";
        if (c.r.failure)
            return c.r.sent ? ":failed when sent" : ":failed unsent";
        text out;
        for (const auto& each : c.replies)
            out += (out.empty() ? "=" : ",") + shown(each);
        return out;
    }
};

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

// --- The connection is lost -----------------------------------------------------------------------------------------

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

// --- Time -----------------------------------------------------------------------------------------------------------

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
