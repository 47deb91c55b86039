// All that BullMQ left in its scenes is read as BullMQ reads it, and what we would write there is what it wrote.

#include "tests/redis/wire.hpp"

#include "src/redis/job_hash.hpp"
#include "src/redis/keys.hpp"
#include "src/redis/scores.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <functional>

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;

void for_each_job(const std::function<void(const scene&, const seen_job&, const stored_job&)>& look) {
    for (const auto& s : all_scenes())
        for (const auto& job : s.jobs) {
            SCOPED_TRACE(where(s, job.key));
            const auto id = std::string(job.seen.at("id").as_string()); // with colons, if it is a run of a schedule
            const auto place = place_of(job.key.substr(0, job.key.size() - id.size()) + "id");
            look(s, job, read_job({place->queue, id}, s.hash(job.key)));
        }
}

std::optional<std::int64_t> ms(const std::optional<wall_time>& t) {
    return t ? std::optional(to_unix_ms(*t)) : std::nullopt;
}

std::optional<std::int64_t> number(const json::object& seen, std::string_view name) { return integer_in(seen, name); }

TEST(QueueRedisWire, HasJobsOfBothVersions) {
    std::size_t jobs = 0;
    for_each_job([&](const auto&, const auto&, const auto&) { ++jobs; });
    EXPECT_GT(jobs, 100u);
    const auto of = [](std::string_view version) {
        return std::ranges::count_if(all_scenes(),
                                     [=](const auto& s) { return s.versions.find(version) != std::string::npos; });
    };
    EXPECT_EQ(of("\"5."), of("\"6."));
}

TEST(QueueRedisWire, CountsAsBullmqCounts) {
    for_each_job([](const scene&, const seen_job& node, const stored_job& ours) {
        EXPECT_EQ(ours.attempts_made, number(node.seen, "attemptsMade"));
        EXPECT_EQ(ours.starts, number(node.seen, "attemptsStarted"));
        EXPECT_EQ(ours.stalls, number(node.seen, "stalledCounter"));
        EXPECT_EQ(ours.with.options.priority, number(node.seen, "priority"));
    });
}

TEST(QueueRedisWire, TellsTheTimesThatBullmqTells) {
    for_each_job([](const scene&, const seen_job& node, const stored_job& ours) {
        EXPECT_EQ(to_unix_ms(ours.created_at), number(node.seen, "timestamp"));
        EXPECT_EQ(ms(ours.started_at), number(node.seen, "processedOn"));
        EXPECT_EQ(ms(ours.finished_at), number(node.seen, "finishedOn"));
    });
}

TEST(QueueRedisWire, ReadsTheTextsThatBullmqReads) {
    for_each_job([](const scene&, const seen_job& node, const stored_job& ours) {
        EXPECT_EQ(ours.name, text_in(node.seen, "name"));
        EXPECT_EQ(ours.failed_reason, text_in(node.seen, "failedReason"));
        EXPECT_EQ(ours.fail_with, text_in(node.seen, "deferredFailure"));
        EXPECT_EQ(ours.worker, text_in(node.seen, "processedBy"));
        EXPECT_EQ(ours.scheduler, text_in(node.seen, "repeatJobKey"));
        EXPECT_EQ(ours.deduplication_id, text_in(node.seen, "deduplicationId"));
        EXPECT_EQ(json::parse(ours.data).value(), node.seen.at("data"));
        EXPECT_EQ(json::parse(ours.progress.empty() ? "0" : ours.progress).value(), node.seen.at("progress"));
        EXPECT_EQ(json::parse(ours.result.empty() ? "null" : ours.result).value(), node.seen.at("returnvalue"));
        EXPECT_EQ(json::to_value(ours.traces), node.seen.at("stacktrace"));
    });
}

TEST(QueueRedisWire, KnowsTheParentsThatBullmqKnows) {
    for_each_job([](const scene&, const seen_job& node, const stored_job& ours) {
        EXPECT_EQ(ours.parent ? ours.parent->key() : "", text_in(node.seen, "parentKey"));
        if (ours.parent)
            EXPECT_EQ(json::parse(to_text(*ours.parent)).value(), node.seen.at("parent"));
    });
}

TEST(QueueRedisWire, HasTheOptionsThatBullmqHas) {
    for_each_job([](const scene&, const seen_job& node, const stored_job& ours) {
        const auto& opts = node.seen.at("opts").as_object();
        const auto* by = object_in(opts, "deduplication");
        EXPECT_EQ(ours.with.options.attempts, std::max<std::int64_t>(1, *number(opts, "attempts")));
        EXPECT_EQ(ours.with.options.lifo, truth_in(opts, "lifo"));
        EXPECT_EQ(ours.with.keep_logs, number(opts, "keepLogs"));
        EXPECT_EQ(ours.with.keep_traces, number(opts, "stackTraceLimit"));
        EXPECT_EQ(ours.with.deduplicate ? ours.with.deduplicate->id : "", by ? text_in(*by, "id") : "");
        const auto* telemetry = object_in(opts, "telemetry");
        EXPECT_EQ(ours.with.carrier, telemetry ? text_in(*telemetry, "metadata") : "");
    });
}

/// Until when the stream says that a job is delayed.
std::optional<std::int64_t> last_delay_of(const std::string& id, const std::vector<hash_fields>& events) {
    std::optional<std::int64_t> until;
    for (const auto& each : events)
        if (*find_field(each, "event") == "delayed" && *find_field(each, "jobId") == id)
            until = leading_integer(*find_field(each, "delay"));
    return until;
}

TEST(QueueRedisWire, ScoresAsBullmqScores) {
    for_each_job([](const scene& s, const seen_job& node, const stored_job& ours) {
        const auto base = queue_keys("bull", ours.key.queue);
        if (node.state == "prioritized")
            EXPECT_EQ(priority_of(s.sorted_set(base.of_queue("prioritized")).at(ours.key.id)),
                      ours.with.options.priority);
        if (node.state != "delayed")
            return;
        const auto score = s.sorted_set(base.of_queue("delayed")).at(ours.key.id);
        EXPECT_EQ(to_unix_ms(run_at_of(score)), last_delay_of(ours.key.id, s.stream(base.of_queue("events"))));
    });
}

// --- What we would write -------------------------------------------------------------------------------------------

/// Without what only one of both says: that everything is kept, and that there is one attempt.
json::object comparable(const hash_fields& hash) {
    auto all = readable(hash);
    auto& opts = all["opts"].as_object();
    for (const auto* name : {"removeOnComplete", "removeOnFail"})
        if (const auto* value = opts.if_contains(name); value && *value == json::value(false))
            opts.erase(name);
    if (number_in(opts, "attempts").value_or(0) <= 1)
        opts.erase("attempts");
    return all;
}

new_job job(std::string name, std::string data = "{}") {
    return {.name = std::move(name),
            .data = std::move(data),
            .options = {.keep_completed = {}, .keep_failed = {}},
            .created_at = t0};
}

void expect_same(const new_job& ours, std::string_view name, std::string_view key,
                 const std::optional<parent_link>& parent = {}) {
    const auto& s = scene_named(name);
    EXPECT_EQ(json::value(comparable(hash_of(ours, parent))), json::value(comparable(s.hash(key)))) << where(s, key);
}

TEST(QueueRedisWire, IsWrittenAsBullmqWritesIt) {
    expect_same(job("welcome", R"({"n":1,"text":"größer/kleiner \"als\""})"), "plain", "bull:mail:1");
    expect_same(job("many", R"({"n":2})"), "bulk", "bull:mail:2");
    auto lifo = job("first");
    lifo.options.lifo = true;
    expect_same(lifo, "plain", "bull:mail:4");
    auto named = job("named");
    named.id = "order-7";
    expect_same(named, "plain", "bull:mail:order-7");
}

TEST(QueueRedisWire, WritesOptionsAsBullmqDoes) {
    auto once = job("a");
    once.options.attempts = 3;
    once.options.backoff = fixed(1s);
    once.options.keep_completed.count = 0;
    auto fields = hash_of(once);
    EXPECT_EQ(comparable(fields).at("opts").at("backoff"),
              comparable(scene_named("options").hash("bull:mail:1")).at("opts").at("backoff"));
    auto kept = job("b");
    kept.options = {.attempts = 5,
                    .backoff = {.type = backoff::kind::exponential, .delay = 1s, .jitter = 0.5},
                    .keep_completed = {.count = 100},
                    .keep_failed = {.count = 0}};
    expect_same(kept, "options", "bull:mail:2");
}

TEST(QueueRedisWire, WritesPrioritiesAndDelaysAsBullmqDoes) {
    auto prior = job("five");
    prior.options.priority = 5;
    expect_same(prior, "priorities", "bull:mail:2");
    auto late = job("late");
    late.run_at = t0 + 5s;
    expect_same(late, "delays", "bull:mail:1");
    late.name = "late and urgent";
    late.options.priority = 3;
    expect_same(late, "delays", "bull:mail:4");
    EXPECT_EQ(scene_named("delays").sorted_set("bull:mail:delayed").at("1"), double(delay_score(t0 + 5s)));
    EXPECT_EQ(scene_named("priorities").sorted_set("bull:mail:prioritized").at("2"), double(priority_score(5, 2)));
}

TEST(QueueRedisWire, WritesDuplicatesAsBullmqDoes) {
    auto simple = job("simple");
    simple.deduplicate = deduplication{.id = "a"};
    expect_same(simple, "duplicates", "bull:mail:1");
    auto replaced = job("replaced", R"({"n":2})");
    replaced.run_at = t0 + 1s;
    replaced.deduplicate = deduplication{.id = "c", .ttl = 5s, .extend = true, .replace = true};
    expect_same(replaced, "duplicates", "bull:mail:6");
}

TEST(QueueRedisWire, WritesFamiliesAsBullmqDoes) {
    const std::pair<const char*, child_failure> children[] = {{"plain", child_failure::wait},
                                                              {"failing", child_failure::fail_parent},
                                                              {"going on", child_failure::continue_parent},
                                                              {"ignored", child_failure::ignore}};
    for (const auto& [id, policy] : children) {
        auto child = job("resize");
        child.id = id;
        expect_same(child, "family", std::string("bull:mail:") + id,
                    parent_link{.queue_key = "bull:albums", .id = "album", .on_failure = policy});
    }
    auto parent = job("bind", R"({"album":7})");
    parent.id = "album";
    parent.options.priority = 4;
    expect_same(parent, "family", "bull:albums:album");
}

} // namespace
} // namespace infra::queue::redis_backend::tests
