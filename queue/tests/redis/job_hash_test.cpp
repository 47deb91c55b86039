#include "src/redis/job_hash.hpp"

#include "src/redis/error_traces.hpp"
#include "src/redis/scores.hpp"
#include "tests/redis/wire.hpp"
#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::make_job;
using queue::tests::t0;
using namespace std::chrono_literals;

const job_key key{"mail", "7"};

stored_job read(hash_fields fields) { return read_job(key, std::move(fields)); }

TEST(QueueRedisJob, IsWhatItWasAddedAs) {
    auto job = make_job("7", {.attempts = 3, .priority = 5, .keep_completed = {}, .keep_failed = {}});
    job.carrier = "headers";
    job.deduplicate = deduplication{.id = "a"};
    job.expires_at = t0 + 1h;
    job.group = "tenant";
    const auto stored = read(hash_of(job, parent_link{.queue_key = "bull:albums", .id = "9"}));
    EXPECT_EQ(stored.fail_with, "");
    const auto info = to_info(stored, job_state::waiting);
    EXPECT_EQ(info.queue, "mail");
    EXPECT_EQ(info.id, "7");
    EXPECT_EQ(info.name, "welcome");
    EXPECT_EQ(info.data, R"({"n":1})");
    EXPECT_EQ(info.created_at, t0);
    EXPECT_EQ(info.expires_at, t0 + 1h);
    EXPECT_EQ(info.options, job.options);
    EXPECT_EQ(info.deduplication_id, "a");
    EXPECT_EQ(info.group, "tenant");
    EXPECT_EQ(info.parent, (job_key{"albums", "9"}));
    EXPECT_EQ(info.fence, 0u);
    EXPECT_EQ(info.attempts_made, 0);
    EXPECT_EQ(to_claimed(stored, "token").carrier, "headers");
}

TEST(QueueRedisJob, IsClaimedWithTheNumberOfItsStart) {
    auto fields = hash_of(make_job("7"));
    fields.insert(fields.end(), {{"ats", "4"}, {"atm", "2"}, {"stc", "1"}});
    const auto taken = to_claimed(read(std::move(fields)), "token");
    EXPECT_EQ(taken.held.job, key);
    EXPECT_EQ(taken.held.fence, 4u);
    EXPECT_EQ(taken.held.token, "token");
    EXPECT_EQ(taken.attempts_made, 2);
    EXPECT_EQ(taken.stalls, 1);
    EXPECT_EQ(taken.name, "welcome");
    EXPECT_EQ(taken.data, R"({"n":1})");
}

TEST(QueueRedisJob, HasThePriorityOfItsHash) {
    EXPECT_EQ(read({{"opts", R"({"priority":5})"}, {"priority", "9"}}).with.options.priority, 9);
    EXPECT_EQ(read({{"priority", "0"}, {"opts", R"({"priority":5})"}}).with.options.priority, 0) << "in whatever order";
    EXPECT_EQ(read({{"priority", "2097152"}}).with.options.priority, most_priority);
    EXPECT_EQ(read({{"opts", R"({"priority":5})"}}).with.options.priority, 5);
}

TEST(QueueRedisJob, BelievesTheAttemptsOfOldVersionsFirst) {
    EXPECT_EQ(read({{"atm", "2"}}).attempts_made, 2);
    EXPECT_EQ(read({{"atm", "2"}, {"attemptsMade", "3"}}).attempts_made, 3);
    EXPECT_EQ(read({{"atm", "2"}, {"attemptsMade", ""}}).attempts_made, 2);
}

TEST(QueueRedisJob, ThatIsNotThereHasNothing) {
    const auto info = to_info(read({}), job_state::completed);
    EXPECT_EQ(info.data, "{}");
    EXPECT_EQ(info.result, "");
    EXPECT_EQ(info.attempts_made, 0);
    EXPECT_FALSE(info.finished_at);
}

TEST(QueueRedisJob, FailsUnrunWhereBullmqSaysSo) {
    const auto job = read(scene_named("stalled").hash("bull:mail:1"));
    EXPECT_EQ(job.fail_with, "job stalled more than allowable limit");
    EXPECT_EQ(job.stalls, 2);
    EXPECT_EQ(read({{"defa", "child bull:mail:8 failed"}, {"opts", "{"}}).fail_with, "child bull:mail:8 failed");
}

TEST(QueueRedisJob, ThatCannotBeReadFailsUnrun) {
    EXPECT_EQ(read({{"name", "welcome"}, {"opts", "[]"}}).fail_with,
              "unreadable: its opts is not what BullMQ stores: expected an object");
    EXPECT_EQ(read({{"parent", R"({"id":"7"})"}}).fail_with,
              "unreadable: its parent is not what BullMQ stores: expected an id and a queueKey");
    EXPECT_EQ(read({{"opts", "{"}}).opts, "{") << "kept as it is";
    EXPECT_EQ(read({{"data", "{"}}).fail_with, "") << "what its handler takes is the handler's business";
    EXPECT_EQ(read({{"opts", ""}}).fail_with, "");
}

TEST(QueueRedisJob, ShowsWhatItsStateHas) {
    const hash_fields fields{
        {"pb", "mill"}, {"infra.cancel", "1"}, {"processedOn", "1767225600000"}, {"finishedOn", "1767225600005"}};
    const auto active = to_info(read(fields), job_state::active);
    EXPECT_EQ(active.worker, "mill");
    EXPECT_TRUE(active.cancel_requested);
    EXPECT_FALSE(active.finished_at);
    const auto failed = to_info(read(fields), job_state::failed);
    EXPECT_EQ(failed.worker, "");
    EXPECT_FALSE(failed.cancel_requested);
    EXPECT_EQ(failed.finished_at, t0 + 5ms);
    EXPECT_EQ(failed.started_at, t0);
}

TEST(QueueRedisJob, OfADelayHasItsTimeFromTheScore) {
    const auto score = double(delay_score(t0 + 5s) + 17);
    EXPECT_EQ(to_info(read({}), job_state::delayed, score).run_at, t0 + 5s);
    EXPECT_FALSE(to_info(read({}), job_state::waiting, score).run_at);
}

TEST(QueueRedisJob, TellsOfItsErrors) {
    const auto traces = with_error({}, {.attempt = 2, .at = t0, .reason = "full"}, 10);
    const auto info =
        to_info(read({{"atm", "2"}, {"failedReason", "full"}, {"stacktrace", traces}}), job_state::waiting);
    EXPECT_EQ(info.failed_reason, "full");
    EXPECT_EQ(info.errors, (std::vector<job_error>{{.attempt = 2, .at = t0, .reason = "full"}}));
}

TEST(QueueRedisJob, WithoutAValueHasNoResult) {
    EXPECT_EQ(read({{"returnvalue", "null"}}).result, "");
    EXPECT_EQ(read({{"returnvalue", "0"}}).result, "0");
    EXPECT_EQ(read({{"progress", "42"}}).progress, "42");
}

} // namespace
} // namespace infra::queue::redis_backend::tests
