#include "src/retry_policy.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

claimed_job job(int attempts_made, job_options options) {
    return {.held = {.job = {"mail", "a"}, .token = "t"},
            .name = "job",
            .options = options,
            .attempts_made = attempts_made};
}

using kind = outcome::kind;
using end = attempt::end;

TEST(QueueRetryPolicy, DecidesWhatFollowsAnAttempt) {
    const job_options three{.attempts = 3, .backoff = exponential(1s)};
    const job_options once{.attempts = 1, .backoff = exponential(1s)};
    const job_options at_once{.attempts = 3};
    const struct {
        const char* name;
        int attempts_made;
        job_options options;
        end how;
        kind expected;
        std::optional<std::chrono::milliseconds> pause;
    } cases[] = {
        {"returned", 0, three, end::returned, kind::completed, {}},
        {"returned, last attempt", 2, three, end::returned, kind::completed, {}},
        {"threw, first attempt", 0, three, end::threw, kind::retry, 1s},
        {"threw, second attempt", 1, three, end::threw, kind::retry, 2s},
        {"threw, last attempt", 2, three, end::threw, kind::failed, {}},
        {"threw, more attempts made than allowed", 9, three, end::threw, kind::failed, {}},
        {"threw, only attempt", 0, once, end::threw, kind::failed, {}},
        {"threw, no backoff", 0, at_once, end::threw, kind::retry, {}},
        {"unrecoverable", 0, three, end::threw_final, kind::failed, {}},
        {"interrupted", 0, three, end::interrupted, kind::returned, {}},
        {"held too long", 0, three, end::held, kind::returned, {}},
        {"interrupted, last attempt", 2, three, end::interrupted, kind::returned, {}},
        {"unknown", 0, once, end::unknown_job, kind::returned, 10s},
        {"snoozed, last attempt", 2, three, end::snoozed, kind::returned, 0s},
        {"a run that is skipped", 0, once, end::skipped, kind::dropped, {}},
    };
    for (const auto& each : cases) {
        const auto decided = after(job(each.attempts_made, each.options), {.how = each.how, .reason = "r"}, t0, 0.5);
        EXPECT_EQ(decided.as, each.expected) << each.name;
        EXPECT_EQ(decided.run_at, each.pause ? std::optional<wall_time>(t0 + *each.pause) : std::nullopt) << each.name;
        EXPECT_EQ(decided.at, t0) << each.name;
        EXPECT_EQ(decided.held.token, "t") << each.name;
        EXPECT_EQ(decided.reason, "r") << each.name;
    }
}

TEST(QueueRetryPolicy, FailsACancelledJobAtOnceAndSaysSo) {
    const job_options three{.attempts = 3, .keep_failed = {.count = 1}};
    const auto withdrawn = after(job(0, three), {.how = end::cancelled, .reason = "withdrawn"}, t0, 0);
    EXPECT_EQ(withdrawn.as, kind::failed);
    EXPECT_EQ(withdrawn.reason, "cancelled: withdrawn");
    EXPECT_EQ(withdrawn.keep.count, 1u);
    EXPECT_EQ(after(job(0, three), {.how = end::cancelled}, t0, 0).reason, cancelled_reason);
}

TEST(QueueRetryPolicy, WaitsAsLongAsItIsTold) {
    const job_options options{.attempts = 3, .backoff = exponential(1s)};
    EXPECT_EQ(after(job(0, options), {.how = end::threw, .pause = 7s}, t0, 0).run_at, t0 + 7s);
    EXPECT_EQ(after(job(0, options), {.how = end::threw, .pause = 0s}, t0, 0).run_at, std::nullopt);
    EXPECT_EQ(after(job(0, options), {.how = end::snoozed, .pause = 7s}, t0, 0).run_at, t0 + 7s);
}

TEST(QueueRetryPolicy, ForgetsARunThatIsSkipped) {}

TEST(QueueRetryPolicy, KeepsWhatTheJobSays) {
    const job_options options{.keep_completed = {.count = 1}, .keep_failed = {.age = 5s}};
    EXPECT_EQ(after(job(0, options), {.how = end::returned}, t0, 0).keep, options.keep_completed);
    EXPECT_EQ(after(job(0, options), {.how = end::threw}, t0, 0).keep, options.keep_failed);
}

TEST(QueueRetryPolicy, DrawsItsJitter) {
    const job_options options{.attempts = 2, .backoff = {.delay = 8s, .jitter = 0.5}};
    EXPECT_EQ(after(job(0, options), {.how = end::threw}, t0, 0.0).run_at, t0 + 4s);
    EXPECT_EQ(after(job(0, options), {.how = end::threw}, t0, 1.0).run_at, t0 + 8s);
}

TEST(QueueRetryPolicy, WaitsForEverRatherThanOverflow) {
    const job_options options{.attempts = 100, .backoff = exponential(std::chrono::hours(24 * 365))};
    EXPECT_GT(*after(job(90, options), {.how = end::threw}, t0, 0).run_at, t0 + std::chrono::years(100));
}

TEST(QueueRetryPolicy, CallsAJobPoisonOnceItStalledTooOften) {
    auto stalled = job(0, {});
    stalled.stalls = 3;
    EXPECT_FALSE(is_poison(stalled, 3));
    EXPECT_TRUE(is_poison(stalled, 2));
    stalled.stalls = 0;
    EXPECT_FALSE(is_poison(stalled, 0));
}

TEST(QueueRetryPolicy, PausesLongerTheLongerTheTrouble) {
    EXPECT_EQ(pause_after_trouble(1, 1.0), 100ms);
    EXPECT_EQ(pause_after_trouble(1, 0.0), 50ms);
    EXPECT_EQ(pause_after_trouble(2, 1.0), 200ms);
    EXPECT_EQ(pause_after_trouble(1000, 1.0), 5s);
}

TEST(QueueRetryPolicy, PrunesAQueueByTheLongestAgeOfItsJobs) {
    const auto known = [](std::string name, std::string queue, keep completed, keep failed) {
        return std::make_shared<const known_job>(
            known_job{.name = std::move(name),
                      .queue = std::move(queue),
                      .options = {.keep_completed = completed, .keep_failed = failed}});
    };
    const auto requests = to_prune({known("a", "one", {.age = 1h}, {.age = 5h}), known("b", "one", {.age = 2h}, {}),
                                    known("c", "none", {.count = 3}, {}), known("d", "two", {}, {.age = 7h})},
                                   t0);
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0].queue, "one");
    EXPECT_EQ(requests[0].completed, (keep{.age = 2h}));
    EXPECT_EQ(requests[0].failed, keep{}) << "one of its jobs keeps failures for ever";
    EXPECT_EQ(requests[1].queue, "two");
    EXPECT_EQ(requests[1].failed, (keep{.age = 7h}));
    EXPECT_EQ(requests[1].now, t0);
}

TEST(QueueRetryPolicy, MakesReasonsReadable) {
    EXPECT_EQ(readable("plain"), "plain");
    EXPECT_EQ(readable(""), "");
    EXPECT_EQ(readable("two\nlines\tand\x1b[31mcolour"), "two\nlines\tand [31mcolour");
    EXPECT_EQ(readable(std::string("nul\0!", 5)), "nul !");
    EXPECT_EQ(readable("bad \xc3( utf-8"), "bad \xef\xbf\xbd( utf-8");
    EXPECT_EQ(readable("abcdef", 3), "abc…");
    EXPECT_EQ(readable("äöü", 3), "ä…") << "cut inside a character";
    EXPECT_EQ(readable(std::string(100'000, '\xff')).size(), 3 * 4096 + 3);
}

} // namespace
} // namespace infra::queue::tests
