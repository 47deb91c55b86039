// How many ended in each minute: the same for Node's readers whoever ended them. Both sides' clocks are the test's.

#include "fleet.hpp"

namespace infra::queue::interop {
namespace {

/// At one moment so many ended.
struct ended_then {
    std::chrono::milliseconds later; ///< than the moment before
    int completed = 0, failed = 0;
};

// Within a minute, over its end, over several minutes, over days; and one kind long after the other.
const std::vector<ended_then> moments{{0s, 3, 1},       {29s, 2, 0}, {30s, 1, 1},    {1s, 4, 0},   {1ms, 1, 0},
                                      {59'998ms, 0, 2}, {1ms, 0, 1}, {1min, 2, 2},   {3min, 0, 1}, {7min + 1ms, 5, 0},
                                      {100min, 1, 1},   {48h, 2, 0}, {9'000ms, 0, 3}};

class QueueInteropMinutes : public QueueInterop {
protected:
    void we_end(const std::string& queue, int completed, int failed) {
        const int all = completed + failed;
        for (int i = 0; i < all; ++i)
            us->add(queue, "work");
        auto taken = us->await(us->jobs.stored()->claim({.queues = {queue},
                                                         .max = static_cast<std::size_t>(all),
                                                         .worker = "us",
                                                         .lease = 30s,
                                                         .now = real_clock().wall()}));
        ASSERT_EQ(taken.jobs.size(), static_cast<std::size_t>(all));
        std::vector<outcome> ends;
        for (int i = 0; i < all; ++i)
            ends.push_back({.held = taken.jobs[static_cast<std::size_t>(i)].held,
                            .as = i < completed ? outcome::kind::completed : outcome::kind::failed,
                            .reason = "no",
                            .at = now});
        for (const bool recorded : us->await(us->jobs.stored()->finish(std::move(ends))))
            EXPECT_TRUE(recorded);
    }
    void node_ends(const std::string& queue, int completed, int failed) {
        says(R"js(
            const { name, completed, failed, now } = given, real = Date.now;
            const hands = await hand(name, { metrics: { maxDataPoints: 10_080 } });
            await (await queue(name)).addBulk(Array.from({ length: completed + failed }, () => ({ name: "work", data: {} })));
            for (let i = 0; i < completed + failed; ++i) {
              const each = await hands.getNextJob("token", { block: false });
              Date.now = () => now;
              if (i < completed) await each.moveToCompleted(1, "token", false);
              else await each.moveToFailed(new Error("no"), "token", false);
              Date.now = real;
            }
        )js",
             json::object{{"name", queue}, {"completed", completed}, {"failed", failed}, {"now", now_in_ms()}});
    }
    std::int64_t now_in_ms() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    }
    std::string minutes_of(const std::string& queue) {
        return says("const each = await queue(given); return [await each.getMetrics('completed'), await "
                    "each.getMetrics('failed')]",
                    json::value(queue));
    }
    std::vector<minute_counts> history_of(const std::string& queue) {
        return us->await(us->jobs.stored()->history(queue, began, now + 1min));
    }

    // A second after a minute has begun, some days ago.
    const wall_time began = std::chrono::floor<std::chrono::minutes>(real_clock().wall()) - 96h;
    wall_time now = began + 1s;
};

TEST_P(QueueInteropMinutes, AreTheSameWhoeverEndsTheJobs) {
    for (const auto& each : moments) {
        now += each.later;
        we_end("ours", each.completed, each.failed);
        node_ends("theirs", each.completed, each.failed);
        ASSERT_EQ(minutes_of("ours"), minutes_of("theirs")) << "at " << now_in_ms();
    }
    EXPECT_EQ(history_of("ours"), history_of("theirs"));
    EXPECT_EQ(says("const { data } = await (await queue('ours')).getMetrics('completed'); return [data.length, "
                   "data.filter((each) => each)]"),
              "[2993,[1,5,2,6,5]]");
    std::size_t completed = 0;
    for (const auto& each : history_of("theirs"))
        completed += each.completed;
    EXPECT_EQ(completed, 21u);
}

// In turns on one queue, as one side alone would count.
TEST_P(QueueInteropMinutes, AreCountedOnByEither) {
    for (std::size_t i = 0; i < moments.size(); ++i) {
        const auto& [later, completed, failed] = moments[i];
        now += later;
        node_ends("theirs", completed, failed);
        if (i % 2)
            node_ends("mail", completed, failed);
        else
            we_end("mail", completed, failed);
        ASSERT_EQ(minutes_of("mail"), minutes_of("theirs")) << "at " << now_in_ms();
    }
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropMinutes, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
