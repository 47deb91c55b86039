#include "src/redis/stream_events.hpp"

#include "tests/redis/wire.hpp"
#include "tests/support.hpp"

#include <limits>

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;
using transcript = std::vector<std::string>;

std::string shown(const job_event& e) {
    auto text = e.id + ' ' + std::string(to_string(e.what));
    return e.data.empty() ? text : text + ": " + e.data;
}

transcript told(const std::vector<hash_fields>& entries) {
    transcript lines;
    for (const auto& each : entries)
        if (const auto event = to_event("mail", {.ms = to_unix_ms(t0)}, each))
            lines.push_back(shown(*event));
    return lines;
}

transcript told(std::string_view scene) { return told(scene_named(scene).stream("bull:mail:events")); }

TEST(QueueRedisEvents, TellTheLifeOfAJobOfBullmqs) {
    EXPECT_EQ(told("failures"),
              (transcript{"1 added", "1 active", "1 active", "1 active", "1 failed: no 0\nand \"why\""}));
    EXPECT_EQ(told("told"),
              (transcript{"1 added", "1 active", "1 progress: 42", R"(1 progress: {"done":1,"of":"zwölf"})"}));
    EXPECT_EQ(told("forgotten").size(), 4u * 3);
    EXPECT_EQ(told("bulk"), (transcript{"1 added", "2 added", "3 added"}));
}

TEST(QueueRedisEvents, TellOfNoResultWhereThereIsNone) {
    const auto lines = told("results");
    EXPECT_EQ(lines.at(2), "1 completed");
    EXPECT_EQ(lines.at(8), "3 completed: \"text\"");
}

TEST(QueueRedisEvents, TellOfDuplicatesAndPauses) {
    EXPECT_EQ(told("duplicates"), (transcript{"1 added", "1 deduplicated", "3 added", "3 deduplicated", "5 added",
                                              "5 removed", "6 deduplicated", "6 added"}));
    const auto resumed = told("resumed");
    EXPECT_EQ(std::count(resumed.begin(), resumed.end(), " paused"), 1);
    EXPECT_EQ(resumed.back(), " resumed");
}

TEST(QueueRedisEvents, TellOfParents) {
    EXPECT_EQ(told(scene_named("familyDone").stream("bull:albums:events")),
              (transcript{"album added", "album waiting_children", "album waiting"}));
}

TEST(QueueRedisEvents, TellWhatCameBackByWhom) {
    const auto kind_of = [](hash_fields entry) {
        const auto event = to_event("mail", {}, entry);
        return event ? std::string(to_string(event->what)) + '/' + event->data : "";
    };
    const auto waiting = [](std::string_view prev, std::string_view mark) {
        return hash_fields{{"event", "waiting"},
                           {"jobId", "1"},
                           {"prev", std::string(prev)},
                           {"infra", std::string(mark)},
                           {"reason", "why"}};
    };
    EXPECT_EQ(kind_of(waiting("active", mark::retrying)), "retrying/why");
    EXPECT_EQ(kind_of(waiting("active", mark::returned)), "returned/why");
    EXPECT_EQ(kind_of(waiting("active", mark::stalled)), "") << "the next entry says so";
    EXPECT_EQ(kind_of(waiting("active", "")), "returned/why");
    EXPECT_EQ(kind_of(waiting("delayed", mark::promoted)), "waiting/why");
    EXPECT_EQ(kind_of(waiting("delayed", "")), "") << "its time had come";
    EXPECT_EQ(kind_of(waiting("failed", "")), "waiting/why");
    EXPECT_EQ(kind_of(waiting("", "")), "");
    EXPECT_EQ(kind_of({{"event", "delayed"}, {"infra", "retrying"}, {"reason", "why"}}), "retrying/why");
    EXPECT_EQ(kind_of({{"event", "delayed"}, {"infra", "returned"}}), "returned/");
    EXPECT_EQ(kind_of({{"event", "delayed"}}), "");
    EXPECT_EQ(kind_of({{"event", std::string(cancel_requested_event)}}), "cancel_requested/");
}

TEST(QueueRedisEvents, OfProgramsAreNotTold) {
    EXPECT_EQ(told({{{"event", "mine"}, {"jobId", "1"}}, {{"jobId", "1"}}, {}, {{"event", "drained"}}}), transcript());
}

TEST(QueueRedisEvents, HaveTheServersTime) {
    const auto event =
        to_event("mail", {.ms = to_unix_ms(t0 + 5s), .sequence = 3}, {{"event", "added"}, {"jobId", "7"}});
    ASSERT_TRUE(event);
    EXPECT_EQ(event->at, t0 + 5s);
    EXPECT_EQ(event->queue, "mail");
    EXPECT_EQ(event->id, "7");
}

TEST(QueueRedisEntryId, IsReadAndWritten) {
    const entry_id id{.ms = 1767225600000, .sequence = 3};
    EXPECT_EQ(to_text(id), "1767225600000-3");
    EXPECT_EQ(read_entry_id("1767225600000-3"), id);
    EXPECT_EQ(read_entry_id("0-0"), entry_id{});
    for (const auto* other :
         {"", "-", "1767225600000", "1767225600000-", "-3", "a-3", "1-a", "1-2-3", "1-2 ", "+1-2", "1--2"})
        EXPECT_EQ(read_entry_id(other), std::nullopt) << other;
}

TEST(QueueRedisEntryId, HasANumberThatGrows) {
    EXPECT_LT((entry_id{.ms = 1, .sequence = 5}.number()), (entry_id{.ms = 1, .sequence = 6}.number()));
    EXPECT_LT((entry_id{.ms = 1, .sequence = std::numeric_limits<std::uint64_t>::max()}.number()),
              (entry_id{.ms = 2}.number()));
    EXPECT_GT((entry_id{.ms = to_unix_ms(t0)}.number()), std::uint64_t(to_unix_ms(t0)));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
