#include "src/redis/restore.hpp"

#include "src/redis/job_hash.hpp"
#include "src/redis/schedule_changes.hpp"
#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;

carried_job failed_twice() {
    return {.known = {.queue = "mail",
                      .id = "7",
                      .name = "welcome",
                      .state = job_state::failed,
                      .data = "{}",
                      .failed_reason = "full",
                      .attempts_made = 2,
                      .fence = 3,
                      .stalls = 1,
                      .created_at = t0,
                      .started_at = t0 + 2s,
                      .finished_at = t0 + 3s,
                      .options = {.attempts = 2, .keep_completed = {}, .keep_failed = {}},
                      .progress = "50",
                      .errors = {{1, t0 + 1s, "late"}, {2, t0 + 3s, "full"}},
                      .parent = job_key{"albums", "a"}},
            .carrier = "headers",
            .on_failure = child_failure::ignore};
}

TEST(QueueRedisRestore, WritesAJobAsItIs) {
    const auto job = failed_twice();
    const auto hash = hash_of(job, "bull");
    const auto stored = read_job({"mail", "7"}, hash);
    auto info = to_info(stored, job_state::failed);
    EXPECT_EQ(info.attempts_made, 2);
    EXPECT_EQ(info.fence, 3u);
    EXPECT_EQ(info.stalls, 1);
    EXPECT_EQ(info.started_at, t0 + 2s);
    EXPECT_EQ(info.finished_at, t0 + 3s);
    EXPECT_EQ(info.failed_reason, "full");
    EXPECT_EQ(info.errors, job.known.errors);
    EXPECT_EQ(info.progress, "50");
    EXPECT_EQ(info.options, job.known.options);
    EXPECT_EQ(info.parent, job.known.parent);
    EXPECT_EQ(stored.parent->on_failure, child_failure::ignore);
    EXPECT_EQ(stored.with.carrier, "headers");
    EXPECT_EQ(find_field(hash, "returnvalue"), nullptr);
}

TEST(QueueRedisRestore, HasNoEndOfAJobThatIsNotOver) {
    auto job = failed_twice();
    job.known.state = job_state::delayed;
    job.known.run_at = t0 + 1h;
    job.known.finished_at.reset();
    const auto hash = hash_of(job, "bull");
    EXPECT_EQ(find_field(hash, "finishedOn"), nullptr);
    EXPECT_EQ(*find_field(hash, "delay"), "3600000");
    job.known.state = job_state::waiting;
    EXPECT_EQ(*find_field(hash_of(job, "bull"), "delay"), "0") << "it waits no longer for its time";
}

TEST(QueueRedisRestore, GivesACompletedJobAValueAsBullMqDoes) {
    auto job = failed_twice();
    job.known.state = job_state::completed;
    EXPECT_EQ(*find_field(hash_of(job, "bull"), "returnvalue"), "null");
    job.known.result = "42";
    EXPECT_EQ(*find_field(hash_of(job, "bull"), "returnvalue"), "42");
}

TEST(QueueRedisRestore, CountsTheRunsThatAScheduleHasMade) {
    schedule_info s{.queue = "mail",
                    .id = "s",
                    .when = {.every = 1min},
                    .name = "tick",
                    .data = "{}",
                    .runs = 5,
                    .next = t0 + 1min,
                    .last = t0,
                    .defined_at = t0 - 1h};
    const auto going_on = restored({.known = s});
    EXPECT_EQ(going_on.run, t0 + 1min);
    EXPECT_EQ(to_info(going_on.becomes, {}).runs, 5u);
    EXPECT_EQ(to_info(going_on.becomes, {}).last, t0);
    s.next.reset();
    const auto over = restored({.known = s});
    EXPECT_EQ(over.run, std::nullopt);
    EXPECT_EQ(to_info(over.becomes, {}).runs, 5u);
    EXPECT_EQ(to_info(over.becomes, {}).next, std::nullopt);
    s.paused_since = t0 + 5s;
    const auto paused = restored({.known = s});
    EXPECT_EQ(paused.run, std::nullopt);
    EXPECT_EQ(to_info(paused.becomes, {}).runs, 5u);
    EXPECT_EQ(to_info(paused.becomes, {}).paused_since, t0 + 5s);
    EXPECT_FALSE(paused.becomes.is_over);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
