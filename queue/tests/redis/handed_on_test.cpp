#include "src/redis/handed_on.hpp"

#include "src/redis/job_hash.hpp"
#include "src/redis/restore.hpp"
#include "tests/support.hpp"

namespace infra::queue::redis_backend {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;

constexpr std::string_view opts = R"({"attempts":3,"backoff":{"type":"mine","delay":50},"colour":"grün","kl":7,)"
                                  R"("parent":{"id":"a","queue":"bull:albums"},"fpof":true})";
constexpr std::string_view stack = R"(["Error: no\n    at work.mjs:3:9"])";

hash_fields of_node() {
    return {{"name", "welcome"},
            {"data", "{}"},
            {"opts", std::string(opts)},
            {"timestamp", std::to_string(to_unix_ms(t0))},
            {"delay", "50"},
            {"priority", "0"},
            {"atm", "1"},
            {"ats", "1"},
            {"pb", "node-worker"},
            {"failedReason", "no"},
            {"stacktrace", std::string(stack)},
            {"parentKey", "bull:albums:a"},
            {"parent", R"({"id":"a","queueKey":"bull:albums","fpof":true})"},
            {"nrjid", "next"}};
}

carried_job carried() {
    auto stored = read_job({"mail", "7"}, of_node());
    carried_job job{.known = to_info(stored, job_state::delayed)};
    job.known.run_at = t0 + 1min;
    job.handed_on = handed_on_of(job, of_node(), "bull");
    return job;
}

std::string field(const hash_fields& hash, std::string_view name) {
    const auto* found = find_field(hash, name);
    return found ? *found : "(none)";
}

TEST(QueueRedisHandedOn, BringsBackWhatNodeWrote) {
    const auto hash = hash_of(carried(), "bull");
    for (const auto& [name, value] : of_node())
        EXPECT_EQ(field(hash, name), value) << name;
}

TEST(QueueRedisHandedOn, HoldsLessThanWhatHasHappenedSince) {
    auto job = carried();
    job.known.state = job_state::failed;
    job.known.run_at.reset();
    job.known.fence = job.known.attempts_made = 2;
    job.known.finished_at = t0 + 2min;
    job.known.failed_reason = "full";
    job.known.errors.push_back({2, t0 + 2min, "full"});
    const auto hash = hash_of(job, "bull");
    EXPECT_EQ(field(hash, "opts"), opts);
    EXPECT_EQ(field(hash, "nrjid"), "next");
    EXPECT_EQ(field(hash, "failedReason"), "full");
    EXPECT_EQ(field(hash, "pb"), "(none)");
    EXPECT_EQ(field(hash, "delay"), "0");
    EXPECT_EQ(field(hash, "stacktrace"), R"(["Error: no\n    at work.mjs:3:9",)"
                                         R"("full\n    at attempt 2, 2026-01-01T00:02:00.000Z"])");
}

TEST(QueueRedisHandedOn, NamesTheParentWhereItIsNow) {
    const auto hash = hash_of(carried(), "other");
    EXPECT_EQ(field(hash, "parentKey"), "other:albums:a");
    EXPECT_NE(field(hash, "opts").find(R"("queue":"other:albums")"), std::string::npos) << field(hash, "opts");
    EXPECT_NE(field(hash, "opts").find(R"("colour":"grün")"), std::string::npos);
}

TEST(QueueRedisHandedOn, IsNothingForJobsOfOurs) {
    const new_job added{.queue = "mail", .id = "a", .name = "welcome", .created_at = t0};
    const auto fields = hash_of(added);
    const carried_job job{.known = to_info(read_job({"mail", "a"}, fields), job_state::waiting)};
    EXPECT_EQ(handed_on_of(job, fields, "bull"), "");
}

TEST(QueueRedisHandedOn, LeavesOptionsAloneThatNobodyCanRead) {
    auto fields = of_node();
    fields[2].second = "{";
    carried_job job{.known = to_info(read_job({"mail", "7"}, fields), job_state::waiting)};
    job.handed_on = handed_on_of(job, fields, "bull");
    EXPECT_EQ(field(hash_of(job, "bull"), "opts"), "{");
}

TEST(QueueRedisHandedOn, IsNothingWhereItIsNoneOfOurs) {
    for (const auto* text :
         {"{", "[]", "{}", R"({"hash":[]})", R"({"as":[],"hash":{}})", R"({"as":1,"hash":{"opts":1}})"}) {
        auto job = carried();
        job.handed_on = text;
        EXPECT_NE(field(hash_of(job, "bull"), "opts"), "") << text;
    }
}

TEST(QueueRedisHandedOn, KeepsASchedulesOptions) {
    schedule_info known{.queue = "mail",
                        .id = "s",
                        .when = {.every = 1min},
                        .name = "tick",
                        .data = "{}",
                        .options = {.attempts = 3, .keep_completed = {}, .keep_failed = {}},
                        .next = t0 + 1min};
    stored_scheduler before = to_stored({.queue = "mail", .id = "s", .when = known.when, .name = "tick"});
    before.opts = *read_object(R"({"attempts":3,"colour":"grün"})");
    before.is_counted = false;
    before.has_opts_of_run = true;
    const auto after = restored({.known = known,
                                 .run_added_at = t0,
                                 .handed_on = handed_on_of(before, {{"offset", "0"}, {"name", "tick"}}, "{}")});
    EXPECT_EQ(after.becomes.opts, before.opts);
    EXPECT_FALSE(after.becomes.is_counted);
    EXPECT_TRUE(after.becomes.has_opts_of_run);
    EXPECT_EQ(after.more, (hash_fields{{"offset", "0"}}));
    EXPECT_EQ(after.now, t0);
    known.options.attempts = 4; // somebody defined it anew meanwhile
    EXPECT_NE(restored({.known = known, .handed_on = handed_on_of(before, {}, "")}).becomes.opts, before.opts);
}

} // namespace
} // namespace infra::queue::redis_backend
