// Many jobs, added by both and drained by both. With --long a million.

#include "fleet.hpp"

#include <cstdlib>
#include <thread>

namespace infra::queue::interop {
namespace {

class QueueInteropMany : public QueueInterop {
protected:
    void SetUp() override {
        QueueInterop::SetUp();
        if (us)
            work = us->jobs.define_job<std::size_t>({.name = "work",
                                                     .handler = [this](std::size_t n) -> awaitable<void> {
                                                         ++ours.at(n);
                                                         co_return;
                                                     },
                                                     .queue = "mail",
                                                     .keep_completed = {.count = 1000}});
    }
    void let_both_work() {
        us->work({.concurrency = 100});
        says(R"js(
            kept.ran = new Uint8Array(given);
            kept.done = 0;
            kept.worker = await work("mail", async (each) => {
              ++kept.ran[each.data];
              ++kept.done;
            }, { concurrency: 100 });
        )js",
             jobs);
    }
    /// The even ones by us, beside the odd ones by Node.
    void add_all() {
        for (std::size_t from = 0; from < jobs; from += 20'000) {
            const auto theirs = node_side->begin(R"js(
                const mail = await queue("mail"), opts = { removeOnComplete: 1000 };
                for (let at = given.from + 1; at < given.to; at += 2000)
                  await mail.addBulk(Array.from({ length: 1000 }, (_, i) => ({ name: "work", data: at + 2 * i, opts })));
            )js",
                                                 json::object{{"from", from}, {"to", from + 20'000}});
            for (auto at = from; at < from + 20'000; at += 2000) {
                std::vector<std::size_t> some;
                for (std::size_t i = 0; i < 1000; ++i)
                    some.push_back(at + 2 * i);
                us->await(us->jobs.enqueue_bulk(*work, some));
            }
            node_side->result(theirs);
        }
    }
    /// Waits while there are some, each for 1 ms at most beside half a minute; jobs that neither of both has are not waited for.
    void wait_until_drained() {
        const auto give_up = std::chrono::steady_clock::now() + 30s + jobs * 1ms;
        for (std::string left; (left = jobs_left()) != "0"; std::this_thread::sleep_for(20ms))
            if (std::chrono::steady_clock::now() > give_up)
                throw std::runtime_error(left + " jobs were not worked off in time");
    }
    std::string jobs_left() {
        return says(R"js(
            const { waiting, prioritized, delayed, active } = await counts("mail");
            return waiting + prioritized + delayed + active;
        )js");
    }

    std::optional<job<std::size_t>> work;
    const std::size_t jobs = std::getenv("INFRA_TEST_LONG") ? 1'000'000 : 20'000;
    std::vector<std::uint8_t> ours = std::vector<std::uint8_t>(jobs); ///< how often each ran; the loop's
};

TEST_P(QueueInteropMany, AreRunOnceByOneOfBoth) {
    let_both_work();
    add_all();
    wait_until_drained();
    us->stop_work();
    const auto theirs =
        json::parse<std::string>(says("return Buffer.from(kept.ran.map((times) => 48 + times)).toString()"),
                                 {.max_bytes = 2 * jobs})
            .value();
    ASSERT_EQ(theirs.size(), jobs);
    std::size_t by_us = 0, by_node = 0, lost = 0, twice = 0;
    for (std::size_t n = 0; n < jobs; ++n) {
        const int here = ours[n], there = theirs[n] - '0';
        by_us += here > 0;
        by_node += there > 0;
        lost += here + there == 0;
        twice += here + there > 1;
    }
    EXPECT_EQ(lost, 0u);
    EXPECT_EQ(twice, 0u);
    EXPECT_GT(by_us, 0u);
    EXPECT_GT(by_node, 0u);
    EXPECT_EQ(says("return [await redis.get('bull:mail:id'), (await (await queue('mail')).getJobCounts()).failed, "
                   "kept.worker.errors.length]"),
              "[\"" + std::to_string(jobs) + "\",0,0]");
    RecordProperty("by_us", static_cast<int>(by_us));
    RecordProperty("by_node", static_cast<int>(by_node));
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropMany, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
