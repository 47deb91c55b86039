// Those who read what happens in a queue: however much it is, none of it is missing, and nothing is told out of order.

#include "fleet.hpp"

#include <ranges>

namespace infra::queue::interop {
namespace {

class QueueInteropReading : public QueueInterop {
protected:
    void keep_so_many_events(int n) {
        says(R"js(
            await queue("mail", { streams: { events: { maxLen: given } } });
            await until(async () => (await redis.hget("bull:mail:meta", "opts.maxLenEvents")) === `${given}`);
        )js",
             n);
    }
    void let_both_work() {
        work = us->jobs.define_job<int>(
            {.name = "work", .handler = [](int) -> awaitable<void> { co_return; }, .queue = "mail"});
        us->work({.concurrency = 100});
        says("kept.worker = await work('mail', async () => {}, { concurrency: 100 })");
    }
    /// Half of them by each side, at the same time.
    void both_add(int n) {
        const auto theirs = node_side->begin(R"js(
            const mail = await queue("mail");
            for (let at = 0; at < given; at += 500)
              await mail.addBulk(Array.from({ length: 500 }, (_, i) => ({ name: "work", data: at + i })));
        )js",
                                             n / 2);
        for (int at = 0; at < n / 2; at += 500)
            us->await(us->jobs.enqueue_bulk(*work, std::vector<int>(500, at)));
        node_side->result(theirs);
    }
    /// What a follower of ours hears until so many jobs are completed, as `completed 17`.
    std::vector<std::string> heard_until_completed(event_follower& follower, int n) {
        std::vector<std::string> all;
        std::uint64_t last = 0;
        for (int completed = 0; completed < n;) {
            const auto page = us->await(follower.next());
            EXPECT_FALSE(page.missed);
            for (const auto& each : page.events) {
                EXPECT_GT(each.number, last);
                last = each.number;
                completed += each.what == job_event::kind::completed;
                all.push_back(std::string(to_string(each.what)) + " " + each.id);
            }
        }
        return all;
    }
    /// What stands in the stream of those kinds that ours tells of.
    std::vector<std::string> written() {
        return json::parse<std::vector<std::string>>(says(R"js(
            const all = [];
            for (const [, [, event, , id]] of kept.entries) if (["added", "active", "completed"].includes(event)) all.push(`${event} ${id}`);
            return all;
        )js"),
                                                     {.max_bytes = 100'000'000})
            .value();
    }

    std::optional<job<int>> work;
};

TEST_P(QueueInteropReading, NeitherMissesAnyOfAHundredThousandEvents) {
    constexpr int jobs = 25'000; // with four events each
    keep_so_many_events(1'000'000);
    auto follower = us->await(us->jobs.follow("mail"));
    says(R"js(
        const reader = await events("mail"), emit = reader.emit;
        kept.read = [];
        reader.emit = (event, fields, id, ...more) => {
          if (event === "drained") kept.read.push([fields, event, undefined]);
          else if (id && !event.endsWith(`:${fields.jobId}`)) kept.read.push([id, event, fields.jobId]);
          return emit.call(reader, event, fields, id, ...more);
        };
        kept.reader = reader;
    )js");
    let_both_work();
    both_add(jobs);
    const auto heard = heard_until_completed(follower, jobs);
    us->stop_work();
    EXPECT_EQ(says(R"js(
        await kept.worker.close();
        kept.entries = await redis.xrange("bull:mail:events", "-", "+");
        await until(() => kept.read.length >= kept.entries.length);
        const jobs = kept.entries.filter(([, [, , , id]]) => id !== undefined).length;
        const same = kept.entries.findIndex(([id, [, event, , jobId]], i) => kept.read[i].join() !== [id, event, jobId].join());
        return [jobs, kept.read.length - kept.entries.length, same, kept.reader.broken];
    )js"),
              "[100000,0,-1,[]]");
    EXPECT_TRUE(std::ranges::equal(heard, written()));
    EXPECT_EQ(heard.size(), 75'000u);
}

// Node's reader goes on and does not know.
TEST_P(QueueInteropReading, OursSaysWhenNodeTrimmedWhatItHasNotRead) {
    keep_so_many_events(100);
    auto follower = us->await(us->jobs.follow("mail"));
    says("await (await queue('mail')).addBulk(Array.from({ length: 2000 }, (_, data) => ({ name: 'work', data })))");
    const auto after = us->await(follower.next());
    EXPECT_TRUE(after.missed);
    ASSERT_FALSE(after.events.empty());
    EXPECT_EQ(after.events.back().id, "2000");
    says("await (await queue('mail')).add('work', {})");
    const auto more = us->await(follower.next());
    EXPECT_FALSE(more.missed);
    ASSERT_EQ(more.events.size(), 1u);
    EXPECT_EQ(more.events[0].id, "2001");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropReading, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
