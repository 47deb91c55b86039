// Parents and children across queues and languages.

#include "fleet.hpp"

#include <utility>

namespace infra::queue::interop {
namespace {

class QueueInteropFlows : public QueueInterop {
protected:
    static flow child(std::string id, std::string queue = "parts", std::string name = "resize") {
        return flow(name, json::object{{"id", id}}, {.id = id, .queue = std::move(queue)});
    }
    static flow parent(std::string id, enqueue_options more = {}) {
        more.id = id;
        more.queue = "albums";
        return flow("bind", json::object{{"id", id}}, std::move(more));
    }
    /// Jobs whose id begins with `bad` fail.
    void let_us_work(std::vector<std::string> queues = {"parts", "albums"}) {
        if (!std::exchange(defined_, true))
            define();
        us->work({.queues = std::move(queues)});
    }
    void define() {
        for (const auto* queue : {"parts", "albums"})
            us->handle(queue, std::string(queue) == "parts" ? "resize" : "bind",
                       [](json::value data, job_context& job) -> awaitable<json::value> {
                           if (job.id().starts_with("bad"))
                               throw std::runtime_error("too large");
                           json::array values;
                           if (job.name() == "bind")
                               for (auto& each : co_await job.children_values())
                                   values.push_back(std::move(each));
                           co_return json::object{{"of", data.as_object().at("id")}, {"from", values}};
                       });
    }
    void let_node_work(std::vector<std::string> queues = {"parts", "albums"}) {
        says(R"js(
            const perform = async (each) => {
              if (each.id.startsWith("bad")) throw new Error("too large");
              return { of: each.data.id, from: Object.values(await each.getChildrenValues()) };
            };
            for (const name of given) await work(name, perform);
        )js",
             json::to_value(queues));
    }
    /// A parent that a failed child has released runs at once, while another still waits, and then Node fails it: parents are begun
    /// once their children are over.
    void until_parts_are_over() {
        says(R"js(
            const parts = await queue("parts");
            await until(async () => (await parts.getFailedCount()) === 5 && (await parts.getCompletedCount()) === 5);
        )js");
    }
    std::string end_of(std::string id) {
        return says(R"js(
            await until(async () => ["completed", "failed"].includes(await state("albums", given)));
            const { returnvalue, failedReason } = await job("albums", given);
            return [await state("albums", given), failedReason ?? returnvalue];
        )js",
                    json::value(id));
    }

private:
    bool defined_ = false;
};

TEST_P(QueueInteropFlows, WeRunNodesTree) {
    says(R"js(
        await (await flows()).add({
          name: "bind", queueName: "albums", data: { id: "album" }, opts: { jobId: "album" },
          children: ["one", "two"].map((id) => ({ name: "resize", queueName: "parts", data: { id }, opts: { jobId: id } })),
        });
    )js");
    EXPECT_EQ(says("return state('albums', 'album')"), R"("waiting-children")");
    let_us_work();
    const auto end = end_of("album");
    EXPECT_TRUE(end == R"(["completed",{"of":"album","from":[{"of":"one","from":[]},{"of":"two","from":[]}]}])" ||
                end == R"(["completed",{"of":"album","from":[{"of":"two","from":[]},{"of":"one","from":[]}]}])")
        << end;
    EXPECT_EQ(says(R"js(
        const album = await job("albums", "album");
        const { processed, unprocessed } = await album.getDependencies();
        return [Object.keys(processed).sort(), unprocessed ?? [], await album.getChildrenValues().then((all) => Object.keys(all).length)];
    )js"),
              R"([["bull:parts:one","bull:parts:two"],[],2])");
}

TEST_P(QueueInteropFlows, NodeRunsOurTree) {
    us->await(us->jobs.enqueue_flow(parent("album").child(child("one")).child(child("two"))));
    EXPECT_EQ(
        says(R"js(
        const tree = await (await flows()).getFlow({ id: "album", queueName: "albums" });
        const album = tree.job;
        return [album.name, album.data, await album.getState(), tree.children.map(({ job }) => [job.id, job.parentKey, job.parent.id]).sort(),
                await album.getDependenciesCount()];
    )js"),
        R"(["bind",{"id":"album"},"waiting-children",[["one","bull:albums:album","album"],["two","bull:albums:album","album"]],{"processed":0,"unprocessed":2,"ignored":0,"failed":0}])");
    let_node_work();
    const auto end = end_of("album");
    EXPECT_NE(end.find(R"(["completed",{"of":"album","from":[{"of":)"), std::string::npos) << end;
    const auto info = us->info("albums", "album");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->children, (children_counts{.completed = 2}));
}

// One tree for each flag, once with each side's workers: all of them end alike.
TEST_P(QueueInteropFlows, FailAsTheFlagsSayWhoeverRunsThem) {
    const auto add = R"js(
        const producer = await flows();
        for (const [flag, id] of [["failParentOnFailure", "fails"], ["continueParentOnFailure", "continues"],
                                  ["ignoreDependencyOnFailure", "ignores"], ["removeDependencyOnFailure", "removes"], ["", "waits"]])
          await producer.add({
            name: "bind", queueName: "albums", data: { id }, opts: { jobId: id },
            children: [
              { name: "resize", queueName: "parts", data: { id: `bad ${id}` }, opts: { jobId: `bad ${id}`, ...(flag && { [flag]: true }) } },
              { name: "resize", queueName: "parts", data: { id: `good ${id}` }, opts: { jobId: `good ${id}` } },
            ],
          });
    )js";
    const auto ends = R"js(
        const albums = await queue("albums");
        await until(async () => (await albums.getCompletedCount()) + (await albums.getFailedCount()) === 4);
        const all = {};
        for (const id of ["fails", "continues", "ignores", "removes", "waits"]) {
          const each = await job("albums", id);
          const { processed, ...rest } = await each.getDependenciesCount();
          all[id] = [await each.getState(), each.failedReason ?? "", rest, await each.getIgnoredChildrenFailures(),
                     Object.keys(await each.getChildrenValues()).length >= (id === "continues" || id === "fails" ? 0 : 1)];
        }
        return all;
    )js";
    says(add);
    let_us_work({"parts"});
    until_parts_are_over();
    us->stop_work();
    let_us_work({"albums"});
    const auto ours = says(ends);
    us->stop_work();
    says("await redis.flushall()");
    says(add);
    let_node_work({"parts"});
    until_parts_are_over();
    let_node_work({"albums"});
    EXPECT_EQ(ours, says(ends));
}

TEST_P(QueueInteropFlows, TellNodeOurFlags) {
    const std::pair<const char*, child_failure> flags[] = {{"fails", child_failure::fail_parent},
                                                           {"continues", child_failure::continue_parent},
                                                           {"ignores", child_failure::ignore},
                                                           {"removes", child_failure::remove},
                                                           {"waits", child_failure::wait}};
    for (const auto& [id, flag] : flags)
        us->await(us->jobs.enqueue_flow(
            parent(id).child(child("bad " + std::string(id)), flag).child(child("good " + std::string(id)))));
    let_node_work({"parts"});
    until_parts_are_over();
    let_node_work({"albums"});
    EXPECT_EQ(end_of("fails"), R"(["failed","child bull:parts:bad fails failed"])");
    EXPECT_NE(end_of("continues").find("completed"), std::string::npos);
    EXPECT_EQ(end_of("ignores"), R"(["completed",{"of":"ignores","from":[{"of":"good ignores","from":[]}]}])");
    EXPECT_EQ(end_of("removes"), R"(["completed",{"of":"removes","from":[{"of":"good removes","from":[]}]}])");
    EXPECT_EQ(says("return state('albums', 'waits')"), R"("waiting-children")");
    EXPECT_EQ(says("await (await job('parts', 'bad waits')).remove(); await until(async () => (await state('albums', "
                   "'waits')) === 'completed')"),
              "null");
}

TEST_P(QueueInteropFlows, FailUpwardsThroughBothLanguages) {
    us->await(us->jobs.enqueue_flow(parent("top").child(child("middle", "parts").child(child("bad leaf", "leaves")))));
    us->handle("leaves", "resize", [] { throw std::runtime_error("too large"); });
    us->work({.queues = {"leaves"}});
    let_node_work();
    EXPECT_EQ(end_of("top"), R"(["failed","child bull:parts:middle failed"])");
    EXPECT_EQ(says("return (await job('parts', 'middle')).failedReason"), R"("child bull:leaves:bad leaf failed")");
    EXPECT_EQ(us->info("parts", "middle")->failed_reason, "child leaves:bad leaf failed");
}

TEST_P(QueueInteropFlows, DelayAndPriorityOfParentsHold) {
    us->await(us->jobs.enqueue_flow(parent("late", {.delay = 1h}).child(child("one"))));
    us->await(us->jobs.enqueue_flow(parent("urgent", {.priority = 3}).child(child("two"))));
    says(R"js(
        await work("parts", async () => 1);
        await until(async () => (await state("albums", "late")) !== "waiting-children" && (await state("albums", "urgent")) !== "waiting-children");
    )js");
    EXPECT_EQ(says("return [await state('albums', 'late'), await state('albums', 'urgent')]"),
              R"(["delayed","prioritized"])");
}

TEST_P(QueueInteropFlows, OurRunningJobWaitsForNodesWork) {
    us->handle("albums", "bind", [jobs = us->jobs](json::value, job_context& job) -> awaitable<verdict> {
        if ((co_await job.count_children()).total() == 0) {
            std::vector<flow> all;
            all.push_back(child("one"));
            all.push_back(child("two"));
            co_await jobs.enqueue_children(job, std::move(all));
            co_return verdict::wait_for_children();
        }
        co_return verdict::completed((co_await job.children_values()).size());
    });
    us->work();
    us->add("albums", "bind", json::object{}, {.id = "album"});
    says("await until(async () => (await state('albums', 'album')) === 'waiting-children'); await work('parts', async "
         "() => 1)");
    EXPECT_EQ(end_of("album"), R"(["completed",2])");
    EXPECT_EQ(us->info("albums", "album")->attempts_made, 1);
}

TEST_P(QueueInteropFlows, NodesRunningJobWaitsForOurWork) {
    let_us_work({"parts"});
    says(R"js(
        await work("albums", async (each, token) => {
          if (each.data.step) return Object.values(await each.getChildrenValues()).length;
          await each.updateData({ step: 1 });
          for (const jobId of ["one", "two"])
            await (await queue("parts")).add("resize", { id: jobId }, { jobId, parent: { id: each.id, queue: each.queueQualifiedName } });
          if (await each.moveToWaitingChildren(token)) throw new bullmq.WaitingChildrenError();
          return Object.values(await each.getChildrenValues()).length;
        });
        await (await queue("albums")).add("other", {}, { jobId: "album" });
    )js");
    EXPECT_EQ(end_of("album"), R"(["completed",2])");
}

TEST_P(QueueInteropFlows, RetriedChildrenReleaseTheirParents) {
    us->await(us->jobs.enqueue_flow(parent("album").child(child("bad one"), child_failure::wait)));
    says(R"js(
        kept.worker = await work("parts", async (each) => {
          if (each.attemptsStarted === 1) throw new Error("not yet");
          return "at last";
        });
        await until(async () => (await state("parts", "bad one")) === "failed");
    )js");
    EXPECT_EQ(says("return state('albums', 'album')"), R"("waiting-children")");
    EXPECT_TRUE(us->await(us->jobs.retry(job_key{"parts", "bad one"})));
    EXPECT_EQ(
        says(
            "await work('albums', async (each) => Object.values(await each.getChildrenValues())); await until(async () "
            "=> (await state('albums', 'album')) === 'completed'); return (await job('albums', 'album')).returnvalue"),
        R"(["at last"])");
}

TEST_P(QueueInteropFlows, RemovalOfChildrenReleasesTheirParents) {
    us->await(us->jobs.enqueue_flow(parent("album").child(child("one"))));
    says("await (await job('parts', 'one')).remove()");
    EXPECT_EQ(says("return state('albums', 'album')"), R"("waiting")");
    says("await (await flows()).add({ name: 'bind', queueName: 'albums', opts: { jobId: 'theirs' }, children: [{ name: "
         "'resize', queueName: 'parts', opts: { jobId: 'two' } }] })");
    EXPECT_TRUE(us->await(us->jobs.remove(job_key{"parts", "two"})));
    EXPECT_EQ(says("return state('albums', 'theirs')"), R"("waiting")");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropFlows, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
