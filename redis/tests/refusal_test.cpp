#include "src/refusal.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using commands = std::vector<command>;
using replies = std::vector<reply>;

reply failed(std::string words) { return reply(std::move(words), reply::kind::error); }

const reply refused = failed("READONLY You can't write against a read only replica.");
const reply loading = failed("LOADING Redis is loading the dataset in memory");
const reply stale = failed("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
const reply ok(std::string("OK")), one(std::int64_t{1});

TEST(RedisRefusal, IsToldByTheServer) {
    EXPECT_EQ(refusal_in(refused, {"SET", "k", "v"}), refusal::replica);
    EXPECT_EQ(refusal_in(failed("READONLY You can't write against a read only slave."), {"INCR", "k"}),
              refusal::replica);
    EXPECT_EQ(refusal_in(loading, {"GET", "k"}), refusal::loading);
    EXPECT_EQ(refusal_in(failed("LOADING something of another server's"), {"GET", "k"}), refusal::loading);
    EXPECT_EQ(refusal_in(stale, {"GET", "k"}), refusal::stale);
    for (const auto* const other : {"ERR no", "BUSY Redis is busy running a script.", "LOADINGS", "BUSYKEY there"})
        EXPECT_EQ(refusal_in(failed(other), {"SET", "k", "v"}), refusal::none) << other;
    for (const auto* const value : {"READONLY", "LOADING", "LOADING Redis is loading the dataset in memory"})
        EXPECT_EQ(refusal_in(reply(std::string(value)), {"GET", "k"}), refusal::none) << value;
}

TEST(RedisRefusal, PassesByItselfUnlessItIsOfAReplicaThatHasItsMaster) {
    EXPECT_TRUE(is_not_ready(refusal::loading));
    EXPECT_TRUE(is_not_ready(refusal::stale));
    EXPECT_FALSE(is_not_ready(refusal::replica));
    EXPECT_FALSE(is_not_ready(refusal::none));
}

TEST(RedisRefusal, IsNotWhatAScriptSaysOfItsOwn) {
    for (const auto* const name : {"EVAL", "evalsha", "FCALL"}) {
        const command script{name, "x", 0};
        const auto told = [&](std::string words) { return refusal_in(failed(std::move(words)), script); };
        const std::string of_a_replica(refused.error_message());
        EXPECT_EQ(told(of_a_replica), refusal::replica) << name;
        EXPECT_EQ(told(of_a_replica + " script: 2f3b, on @user_script:1."), refusal::replica) << name;
        EXPECT_EQ(told("READONLY You can not run script with write flag on readonly replica."), refusal::replica);
        EXPECT_EQ(told(std::string(loading.error_message())), refusal::loading) << name;
        EXPECT_EQ(told("LOADING Valkey is loading the dataset in memory"), refusal::loading) << name;
        EXPECT_EQ(told(std::string(stale.error_message())), refusal::stale) << name;
        for (const auto* const own : {"READONLY", "READONLY after counting", "LOADING", "LOADING after counting",
                                      "LOADING Redis is loading the dataset in memory: after counting", "MASTERDOWN",
                                      "EXECABORT Transaction discarded because of: LOADING after counting"})
            EXPECT_EQ(told(own), refusal::none) << name << ": " << own;
        EXPECT_EQ(told(of_a_replica + " No!"), refusal::none) << name;
    }
}

TEST(RedisRefusal, IsBeyondDoubtInTheServersWordsWhereNoScriptMaySayThem) {
    const auto aborted = failed("EXECABORT Transaction discarded because of: " + std::string(stale.error_message()));
    EXPECT_TRUE(is_beyond_doubt(commands{{"INCR", "a"}}, replies{loading}));
    EXPECT_TRUE(is_beyond_doubt(commands{{"INCR", "a"}, {"GET", "a"}}, replies{one, stale}));
    EXPECT_TRUE(is_beyond_doubt(commands{{"MULTI"}, {"GET", "a"}, {"EXEC"}}, replies{ok, ok, aborted}));
    EXPECT_FALSE(is_beyond_doubt(commands{{"INCR", "a"}}, replies{failed("LOADING an index of a module's")}));
    EXPECT_FALSE(is_beyond_doubt(commands{{"INCR", "a"}}, replies{refused})) << "that does not pass by itself";
    EXPECT_FALSE(is_beyond_doubt(commands{{"GET", "a"}}, replies{reply(std::string(loading.error_message()))}));
    EXPECT_FALSE(is_beyond_doubt(commands{{"INCR", "a"}, {"EVALSHA", "x", 0}}, replies{loading, loading}));
}

TEST(RedisRefusal, LeavesWhatWasNotExecuted) {
    const commands all{{"INCR", "a"}, {"GET", "a"}, {"INCR", "b"}, {"GET", "b"}, {"SET", "c", 1}};
    const auto from = [&](replies r) { return unexecuted_from(all, r, false); };
    EXPECT_EQ(from({refused, ok, refused, ok, refused}), 0u);
    EXPECT_EQ(from({one, ok, refused, ok, refused}), 2u) << "the first had been executed before";
    EXPECT_EQ(from({one, ok, one, ok, refused}), 4u);
    EXPECT_EQ(from({refused, failed("WRONGTYPE"), failed("OOM"), ok, refused}), 0u);
    EXPECT_EQ(from({one, ok, one, ok, ok}), std::nullopt) << "nothing was refused";
    EXPECT_EQ(from({refused, ok, one, ok, refused}), std::nullopt) << "what counts was executed behind it";
    EXPECT_EQ(from({one, loading, loading, loading, loading}), 1u) << "it began to load";
    EXPECT_EQ(from({refused, loading, stale, ok, refused}), 0u);
    EXPECT_EQ(from({loading, loading, one, ok, ok}), std::nullopt) << "it had loaded meanwhile";
    EXPECT_EQ(
        unexecuted_from(commands{{"SET", "k", 1}, {"EVAL", "x", 0}}, replies{refused, failed("ERR of its own")}, false),
        std::nullopt)
        << "nobody knows what a script did before it failed";
}

TEST(RedisRefusal, LeavesAWholeTransactionOrNothing) {
    const commands all{{"MULTI"}, {"INCR", "a"}, {"GET", "a"}, {"EXEC"}};
    const auto queued = reply(std::string("QUEUED"));
    const auto from = [&](replies r) { return unexecuted_from(all, r, true); };
    EXPECT_EQ(from({ok, refused, queued, failed("EXECABORT Transaction discarded because of previous errors.")}), 0u);
    EXPECT_EQ(from({ok, queued, queued, refused}), 0u);
    for (const auto& why : {refused, loading, stale})
        EXPECT_EQ(from({ok, queued, queued,
                        failed("EXECABORT Transaction discarded because of: " + std::string(why.error_message()))}),
                  0u);
    EXPECT_EQ(from({ok, loading, loading, failed("EXECABORT Transaction discarded because of previous errors.")}), 0u);
    EXPECT_EQ(from({ok, queued, queued, failed("EXECABORT Transaction discarded because of: OOM")}), std::nullopt);
    EXPECT_EQ(
        from({ok, failed("ERR no"), queued, failed("EXECABORT Transaction discarded because of previous errors.")}),
        std::nullopt);
    EXPECT_EQ(from({ok, queued, queued, reply(replies{failed("READONLY says a script"), ok})}), std::nullopt)
        << "it was executed";
}

} // namespace
} // namespace infra::redis::detail
