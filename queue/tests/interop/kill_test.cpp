// A fleet of both kinds drains one queue while its programs are killed at random.

#include "fleet.hpp"

#include <cstdlib>
#include <random>
#include <thread>

namespace infra::queue::interop {
namespace {

class QueueInteropKills : public QueueInterop {
protected:
    const int jobs = std::getenv("INFRA_TEST_LONG") ? 20'000 : 8'000;

    void start_node() {
        auto& one = nodes.emplace_back(std::make_unique<node>(GetParam(), server->port()));
        one->begin(R"js(
            await work("mail", async (each) => {
              await new Promise((resolve) => setTimeout(resolve, 1));
              return each.data;
            }, { concurrency: 20, lockDuration: 500, stalledInterval: 300, maxStalledCount: 1000 });
        )js");
    }
    void start_ours() {
        ours.push_back(
            std::make_unique<child_process>(std::vector<std::string>{our_child(), server->url(), "mail", "work"}));
    }

    std::vector<std::unique_ptr<node>> nodes;
    std::vector<std::unique_ptr<child_process>> ours;
};

TEST_P(QueueInteropKills, EveryJobIsCompletedOnce) {
    says(R"js(
        const mail = await queue("mail", { streams: { events: { maxLen: 1_000_000 } } });
        for (let at = 0; at < given; at += 1000)
          await mail.addBulk(Array.from({ length: 1000 }, (_, i) => ({ name: "work", data: at + i })));
    )js",
         jobs);
    for (int i = 0; i < 2; ++i) {
        start_node();
        start_ours();
    }
    std::minstd_rand draw(static_cast<unsigned>(GetParam()));
    const auto completed = [&] { return std::stoi(says("return (await queue('mail')).getCompletedCount()")); };
    int killed_nodes = 0, killed_ours = 0;
    for (int before = 0, now = completed(); now < jobs; now = completed()) {
        if (now < before + jobs / 12) { // one more is killed after each twelfth
            std::this_thread::sleep_for(20ms);
            continue;
        }
        before = now;
        if (draw() % 2) {
            ++killed_nodes;
            nodes.erase(nodes.begin());
            start_node();
        } else {
            ++killed_ours;
            ours.erase(ours.begin());
            start_ours();
        }
    }
    EXPECT_GT(killed_nodes, 0);
    EXPECT_GT(killed_ours, 0);
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        const ended = new Map();
        for (let last = "-"; ; ) {
          const page = await redis.xrange("bull:mail:events", last, "+", "COUNT", 20_000);
          for (const [, [, name, , id]] of page) if (name === "completed") ended.set(id, (ended.get(id) ?? 0) + 1);
          if (page.length < 20_000) break;
          last = `(${page.at(-1)[0]}`;
        }
        let wrong = 0;
        for (let at = 0; at < given; at += 2000)
          for (const each of await mail.getCompleted(at, at + 1999)) if (each.returnvalue !== each.data) ++wrong;
        return [await counts("mail"), ended.size, [...ended.values()].filter((times) => times !== 1).length, wrong, (await redis.keys("bull:mail:*:lock")).length];
    )js",
                   jobs),
              R"([{"waiting":0,"prioritized":0,"delayed":0,"active":0,"completed":)" + std::to_string(jobs) +
                  R"(,"failed":0},)" + std::to_string(jobs) + ",0,0,0]");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropKills, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
