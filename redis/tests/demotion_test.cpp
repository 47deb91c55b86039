#include "src/demotion.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using commands = std::vector<command>;
using replies = std::vector<reply>;

reply failed(std::string words) { return reply(std::move(words), reply::kind::error); }

const reply refused = failed("READONLY You can't write against a read only replica.");
const reply ok(std::string("OK")), one(std::int64_t{1});

TEST(RedisDemotion, IsToldByTheServer) {
    EXPECT_TRUE(is_refused_by_a_replica(refused, {"SET", "k", "v"}));
    EXPECT_TRUE(is_refused_by_a_replica(failed("READONLY You can't write against a read only slave."), {"INCR", "k"}));
    EXPECT_FALSE(is_refused_by_a_replica(failed("ERR no"), {"SET", "k", "v"}));
    EXPECT_FALSE(is_refused_by_a_replica(reply(std::string("READONLY")), {"GET", "k"}));
}

TEST(RedisDemotion, IsNotWhatAScriptSaysOfItsOwn) {
    for (const auto* const name : {"EVAL", "evalsha", "FCALL"}) {
        const command script{name, "x", 0};
        EXPECT_TRUE(is_refused_by_a_replica(refused, script)) << name;
        EXPECT_TRUE(is_refused_by_a_replica(
            failed(std::string(refused.error_message()) + " script: 2f3b, on @user_script:1."), script));
        EXPECT_TRUE(is_refused_by_a_replica(
            failed("READONLY You can not run script with write flag on readonly replica."), script));
        EXPECT_FALSE(is_refused_by_a_replica(failed("READONLY"), script)) << name;
        EXPECT_FALSE(is_refused_by_a_replica(failed("READONLY after counting"), script)) << name;
        EXPECT_FALSE(is_refused_by_a_replica(failed(std::string(refused.error_message()) + " No!"), script)) << name;
    }
}

TEST(RedisDemotion, LeavesWhatWasNotExecuted) {
    const commands all{{"INCR", "a"}, {"GET", "a"}, {"INCR", "b"}, {"GET", "b"}, {"SET", "c", 1}};
    const auto from = [&](replies r) { return unexecuted_from(all, r, false); };
    EXPECT_EQ(from({refused, ok, refused, ok, refused}), 0u);
    EXPECT_EQ(from({one, ok, refused, ok, refused}), 2u) << "the first had been executed before";
    EXPECT_EQ(from({one, ok, one, ok, refused}), 4u);
    EXPECT_EQ(from({refused, failed("WRONGTYPE"), failed("OOM"), ok, refused}), 0u);
    EXPECT_EQ(from({one, ok, one, ok, ok}), std::nullopt) << "nothing was refused";
    EXPECT_EQ(from({refused, ok, one, ok, refused}), std::nullopt) << "what counts was executed behind it";
    EXPECT_EQ(
        unexecuted_from(commands{{"SET", "k", 1}, {"EVAL", "x", 0}}, replies{refused, failed("ERR of its own")}, false),
        std::nullopt)
        << "nobody knows what a script did before it failed";
}

TEST(RedisDemotion, LeavesAWholeTransactionOrNothing) {
    const commands all{{"MULTI"}, {"INCR", "a"}, {"GET", "a"}, {"EXEC"}};
    const auto queued = reply(std::string("QUEUED"));
    const auto from = [&](replies r) { return unexecuted_from(all, r, true); };
    EXPECT_EQ(from({ok, refused, queued, failed("EXECABORT Transaction discarded because of previous errors.")}), 0u);
    EXPECT_EQ(from({ok, queued, queued, refused}), 0u);
    EXPECT_EQ(from({ok, queued, queued, failed("EXECABORT Transaction discarded because of: READONLY You can't …")}),
              0u);
    EXPECT_EQ(
        from({ok, failed("ERR no"), queued, failed("EXECABORT Transaction discarded because of previous errors.")}),
        std::nullopt);
    EXPECT_EQ(from({ok, queued, queued, reply(replies{failed("READONLY says a script"), ok})}), std::nullopt)
        << "it was executed";
}

} // namespace
} // namespace infra::redis::detail
