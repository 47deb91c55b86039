#include "src/redis/diagnoses.hpp"

#include "tests/support.hpp"

#include <gtest/gtest.h>

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;
using places = std::vector<place>;

std::vector<ailment> kinds_of(const std::vector<finding>& all) {
    std::vector<ailment> kinds;
    for (const auto& each : all)
        kinds.push_back(each.what);
    return kinds;
}

std::vector<ailment> of_job(job_facts job) {
    job.id = job.id.empty() ? "17" : job.id;
    return kinds_of(diagnose("mail", job));
}

TEST(RedisDiagnoses, FindNothingWrongWithJobsThatStandWhereTheyBelong) {
    for (const auto where : {place::wait, place::paused, place::prioritized, place::delayed, place::completed,
                             place::failed, place::parked})
        EXPECT_TRUE(of_job({.is_job = true, .in = {where}, .parts = 2}).empty()) << to_string(where);
    EXPECT_TRUE(of_job({.is_job = true, .is_locked = true, .in = {place::active}}).empty());
    EXPECT_TRUE(of_job({.is_job = true, .in = {place::waiting_children}, .pending = 2}).empty());
    EXPECT_TRUE(of_job({}).empty());
    EXPECT_TRUE(of_job({.id = "0:1767225600000", .in = {place::wait}}).empty()) << "no job, but a marker of old";
}

TEST(RedisDiagnoses, FindWhatIsWrongWithAJob) {
    const std::pair<job_facts, ailment> cases[] = {
        {{.is_job = true}, ailment::orphan_hash},
        {{.parts = 1}, ailment::orphan_part},
        {{.in = {place::wait}}, ailment::missing_hash},
        {{.in = {place::completed, place::failed}, .parts = 1}, ailment::missing_hash},
        {{.is_job = true, .in = {place::wait, place::wait}}, ailment::two_places},
        {{.is_job = true, .in = {place::active, place::delayed}}, ailment::two_places},
        {{.is_job = true, .in = {place::active}}, ailment::active_without_lock},
        {{.is_job = true, .in = {place::waiting_children}}, ailment::stuck_parent},
        {{.is_job = true, .in = {place::waiting_children}, .pending = 3, .over = 1}, ailment::stuck_parent},
    };
    for (const auto& [job, what] : cases)
        EXPECT_EQ(of_job(job), std::vector{what}) << to_string(what);
}

TEST(RedisDiagnoses, SayItInASentence) {
    EXPECT_EQ(
        diagnose("mail", job_facts{.id = "17", .is_job = true, .in = {place::waiting_children, place::wait}}).at(0),
        (finding{ailment::two_places, "mail", "17", "stands in waiting-children, wait"}));
    EXPECT_EQ(diagnose("mail", job_facts{.id = "17", .parts = 1}).at(0).detail, "is gone, and 1 key of it left");
    EXPECT_EQ(diagnose("mail",
                       job_facts{.id = "17", .is_job = true, .in = {place::waiting_children}, .pending = 2, .over = 1})
                  .at(0)
                  .detail,
              "waits for 2 children, of which 1 completed or gone");
}

TEST(RedisDiagnoses, KeepAJobWhereItIsNearestToItsEnd) {
    const std::pair<job_facts, place> cases[] = {
        {{.is_locked = true, .in = {place::wait, place::active}}, place::active},
        {{.in = {place::active, place::wait}}, place::wait},
        {{.is_finished = true, .is_locked = true, .in = {place::active, place::completed}}, place::active},
        {{.is_finished = true, .in = {place::wait, place::failed}}, place::failed},
        {{.in = {place::delayed, place::failed}}, place::delayed},
        {{.in = {place::delayed, place::prioritized}}, place::prioritized},
        {{.in = {place::waiting_children, place::wait}, .pending = 1}, place::waiting_children},
        {{.in = {place::waiting_children, place::wait}}, place::wait},
        {{.in = {place::wait, place::wait}}, place::wait},
        {{.in = {place::completed, place::failed}}, place::completed},
    };
    for (const auto& [job, stays] : cases)
        EXPECT_EQ(to_string(place_to_keep(job)), to_string(stays)) << job.in.size();
}

queue_facts standing(place where, std::size_t n = 1) {
    queue_facts q{.queue = "mail"};
    q.standing[static_cast<std::size_t>(where)] = n;
    return q;
}

TEST(RedisDiagnoses, MissAMarkerWhereAWorkerCouldStart) {
    const auto found = [](queue_facts q) { return kinds_of(diagnose(q, t0)); };
    EXPECT_EQ(found(standing(place::wait)), std::vector{ailment::missing_marker});
    EXPECT_EQ(found(standing(place::prioritized)), std::vector{ailment::missing_marker});
    EXPECT_TRUE(found(standing(place::completed)).empty());
    auto q = standing(place::wait);
    q.markers = 1;
    EXPECT_TRUE(found(q).empty());
    q = standing(place::wait);
    q.is_paused = true;
    EXPECT_TRUE(found(q).empty());
    q = standing(place::wait);
    q.is_limited = true;
    EXPECT_TRUE(found(q).empty());
    q = standing(place::wait);
    q.concurrency = 3;
    q.standing[static_cast<std::size_t>(place::active)] = 3;
    EXPECT_TRUE(found(q).empty()) << "whoever ends one takes the next";
    q.standing[static_cast<std::size_t>(place::active)] = 2;
    EXPECT_EQ(found(q), std::vector{ailment::missing_marker});
}

TEST(RedisDiagnoses, MissTheMarkerOfDelayedJobsOnceNobodyHasComeForThem) {
    auto q = standing(place::delayed);
    q.first_due = t0 - 15s;
    EXPECT_TRUE(diagnose(q, t0).empty()) << "a worker may have it in mind";
    q.first_due = t0 - 16s;
    EXPECT_EQ(diagnose(q, t0).at(0).detail, "1 job is delayed, the first of them overdue, without a marker");
}

TEST(RedisDiagnoses, FindJobsThatStandApart) {
    EXPECT_EQ(kinds_of(diagnose(standing(place::paused), t0)), std::vector{ailment::parked_jobs});
    auto q = standing(place::paused);
    q.is_paused = true;
    EXPECT_TRUE(diagnose(q, t0).empty());
    q.standing[static_cast<std::size_t>(place::wait)] = 1;
    EXPECT_EQ(kinds_of(diagnose(q, t0)), std::vector{ailment::mixed_versions});
}

TEST(RedisDiagnoses, FindSlotsThatNobodyFrees) {
    EXPECT_TRUE(diagnose("mail", slot_facts{.id = "d", .holder = "1"}));
    EXPECT_FALSE(diagnose("mail", slot_facts{.id = "d"}));
    EXPECT_FALSE(diagnose("mail", slot_facts{.id = "d", .holder = "1", .ends = true}));
    EXPECT_FALSE(diagnose("mail", slot_facts{.id = "d", .holder = "1", .is_job = true}));
}

TEST(RedisDiagnoses, FindSchedulesWithoutARun) {
    const schedule_facts lost{.id = "daily", .run = "repeat:daily:1", .is_defined = true, .made = 3};
    const auto found = [](schedule_facts s) { return diagnose("mail", s, t0).has_value(); };
    EXPECT_TRUE(found(lost));
    auto other = lost;
    other.has_run = true;
    EXPECT_FALSE(found(other));
    other = lost;
    other.is_defined = false;
    EXPECT_FALSE(found(other)) << "one of the old kind";
    other = lost;
    other.limit = 3;
    EXPECT_FALSE(found(other)) << "it is over";
    other = lost;
    other.end = t0 - 1s;
    EXPECT_FALSE(found(other)) << "it is over";
}

TEST(RedisDiagnoses, FindServersThatForget) {
    const auto found = diagnose({{"a:1", "noeviction"}, {"b:2", "allkeys-lru"}});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].detail, "b:2 has maxmemory-policy allkeys-lru, and so may forget jobs");
    EXPECT_FALSE(is_repairable(found[0].what));
}

TEST(RedisDiagnoses, FindQueuesThatAClusterScatters) {
    EXPECT_EQ(diagnose_slot("bull", "mail")->detail,
              "lies in several slots of the cluster, and nobody can work on it; use a prefix such as {bull}");
    EXPECT_FALSE(diagnose_slot("{bull}", "mail"));
    EXPECT_FALSE(diagnose_slot("bull", "{mail}"));
}

TEST(RedisDiagnoses, HaveNames) {
    for (std::size_t i = 0; i < place_kinds; ++i)
        EXPECT_EQ(place_named(to_string(static_cast<place>(i))), static_cast<place>(i));
    EXPECT_FALSE(place_named("nowhere"));
    EXPECT_EQ(to_string(ailment::eviction_policy), "eviction_policy");
    EXPECT_EQ(to_string(ailment::wrong_type), "wrong_type");
}

} // namespace
} // namespace infra::queue::redis_backend::tests
