// Deduplication across languages: whoever holds the slot, the other side finds it held.

#include "fleet.hpp"

namespace infra::queue::interop {
namespace {

class QueueInteropDuplicates : public QueueInterop {
protected:
    job_id add(int n, deduplication how, enqueue_options options = {}) {
        options.deduplicate = std::move(how);
        return us->add("mail", "work", n, std::move(options));
    }
    std::string node_adds(int n, const char* how, const char* options = "{}") {
        return says(R"js(
            const { n, how, options } = given;
            return (await (await queue("mail")).add("work", n, { ...JSON.parse(options), deduplication: JSON.parse(how) })).id;
        )js",
                    json::object{{"n", n}, {"how", how}, {"options", options}});
    }
    std::string data_of(std::string id) {
        return says("return (await job('mail', given))?.data ?? 'gone'", json::value(id));
    }
};

TEST_P(QueueInteropDuplicates, HoldWhateverSideCameFirst) {
    EXPECT_EQ(node_adds(1, R"({"id":"a"})"), R"("1")");
    EXPECT_EQ(add(2, {.id = "a"}), "1");
    const auto ours = add(3, {.id = "b"});
    EXPECT_EQ(node_adds(4, R"({"id":"b"})"), "\"" + ours + "\"");
    EXPECT_EQ(says("return (await queue('mail')).getWaitingCount()"), "2");
}

TEST_P(QueueInteropDuplicates, HoldWhileTheHolderIsDelayedOrRuns) {
    const auto delayed = add(1, {.id = "a"}, {.delay = 1h});
    EXPECT_EQ(node_adds(2, R"({"id":"a"})"), "\"" + delayed + "\"");
    const auto running = add(3, {.id = "b"});
    EXPECT_EQ(says("kept.job = await (await hand('mail')).getNextJob('token', { block: false }); return kept.job.id"),
              "\"" + running + "\"");
    EXPECT_EQ(node_adds(4, R"({"id":"b"})"), "\"" + running + "\"");
    EXPECT_EQ(add(5, {.id = "b"}), running);
    says("await kept.job.moveToCompleted(1, 'token', false)");
    EXPECT_NE(add(6, {.id = "b"}), running);
}

TEST_P(QueueInteropDuplicates, AreFreedWhenOursCompletesOrFailsOrIsRemoved) {
    us->handle<int>("mail", "work", [](int n) {
        if (n == 2)
            throw std::runtime_error("no");
    });
    EXPECT_EQ(node_adds(1, R"({"id":"a"})"), R"("1")");
    EXPECT_EQ(node_adds(2, R"({"id":"b"})"), R"("2")");
    us->work();
    ASSERT_EQ(says("const mail = await queue('mail'); await until(async () => (await mail.getCompletedCount()) + "
                   "(await mail.getFailedCount()) === 2)"),
              "null");
    us->stop_work();
    const auto again = node_adds(3, R"({"id":"a"})");
    EXPECT_NE(again, R"("1")");
    EXPECT_NE(node_adds(4, R"({"id":"b"})"), R"("2")");
    EXPECT_TRUE(us->await(us->jobs.remove(job_key{"mail", again.substr(1, again.size() - 2)})));
    EXPECT_NE(node_adds(5, R"({"id":"a"})"), again);
}

TEST_P(QueueInteropDuplicates, HoldForTheirTime) {
    const auto held = add(1, {.id = "a", .ttl = 1h});
    EXPECT_EQ(node_adds(2, R"({"id":"a","ttl":3600000})"), "\"" + held + "\"");
    EXPECT_EQ(says("const left = await redis.pttl('bull:mail:de:a'); return left > 3_590_000 && left <= 3_600_000"),
              "true");
    says("await redis.pexpire('bull:mail:de:a', 1000)");
    EXPECT_EQ(add(3, {.id = "a", .ttl = 1h, .extend = true}), held);
    EXPECT_EQ(says("return (await redis.pttl('bull:mail:de:a')) > 3_590_000"), "true");
    says("await redis.pexpire('bull:mail:de:a', 1); await until(async () => !(await redis.exists('bull:mail:de:a')))");
    EXPECT_NE(add(4, {.id = "a", .ttl = 1h}), held);
}

TEST_P(QueueInteropDuplicates, ReplaceWhatIsDelayed) {
    const auto first = add(1, {.id = "a", .ttl = 1h, .extend = true, .replace = true}, {.delay = 1h});
    const auto second =
        node_adds(2, R"({"id":"a","ttl":3600000,"extend":true,"replace":true})", R"({"delay":3600000})");
    EXPECT_EQ(data_of(first), R"("gone")");
    const auto third = add(3, {.id = "a", .ttl = 1h, .extend = true, .replace = true}, {.delay = 1h});
    EXPECT_EQ(data_of(second.substr(1, second.size() - 2)), R"("gone")");
    EXPECT_EQ(data_of(third), "3");
    EXPECT_EQ(says("return (await queue('mail')).getDelayedCount()"), "1");
}

TEST_P(QueueInteropDuplicates, AddTheLastWhenTheHolderIsOver) {
    add(1, {.id = "a", .keep_last_if_active = true});
    says("kept.job = await (await hand('mail')).getNextJob('token', { block: false })");
    EXPECT_EQ(add(2, {.id = "a", .keep_last_if_active = true}), "1");
    EXPECT_EQ(node_adds(3, R"({"id":"a","keepLastIfActive":true})"), R"("1")");
    EXPECT_EQ(add(4, {.id = "a", .keep_last_if_active = true}), "1");
    says("await kept.job.moveToCompleted(1, 'token', false)");
    EXPECT_EQ(says("const [each] = await (await queue('mail')).getWaiting(); return [each.data, each.deduplicationId]"),
              R"([4,"a"])");
    noted<int> ran;
    us->handle<int>("mail", "work", [&](int n) -> awaitable<void> {
        ran.add(n);
        if (n == 4) // while it runs
            ran.add(std::stoi(node_adds(5, R"({"id":"a","keepLastIfActive":true})").substr(1)) > 0 ? -1 : 0);
        co_return;
    });
    us->work();
    EXPECT_TRUE(until([&] { return ran.all() == std::vector{4, -1, 5}; }))
        << "what Node adds while it runs, comes after it";
}

TEST_P(QueueInteropDuplicates, KnowEachOthersIds) {
    EXPECT_EQ(says("return (await (await queue('mail')).add('work', 1, { jobId: 'order-7' })).id"), R"("order-7")");
    EXPECT_EQ(us->add("mail", "work", 2, {.id = "order-7"}), "order-7");
    EXPECT_EQ(us->add("mail", "work", 3, {.id = "order-8"}), "order-8");
    EXPECT_EQ(says("return (await (await queue('mail')).add('work', 4, { jobId: 'order-8' })).id"), R"("order-8")");
    EXPECT_EQ(data_of("order-7"), "1");
    EXPECT_EQ(data_of("order-8"), "3");
}

// --- Of two parents --------------------------------------------------------------------------------------------------

TEST_P(QueueInteropDuplicates, OurChildIsNotMadeNodesParents) {
    us->await(us->jobs.enqueue_flow(flow("bind", json::object{}, {.id = "ours", .queue = "albums"})
                                        .child(flow("resize", json::object{}, {.id = "one", .queue = "parts"}))));
    EXPECT_EQ(
        says(R"js(
        const child = (jobId) => ({ name: "resize", queueName: "parts", data: {}, opts: { jobId } });
        await (await flows()).add({ name: "bind", queueName: "albums", data: {}, opts: { jobId: "theirs" }, children: [child("two"), child("one")] });
        const refused = await (await queue("parts")).add("resize", {}, { jobId: "one", parent: { id: "theirs", queue: "bull:albums" } }).catch((e) => e);
        return [refused.message, refused.code, await redis.smembers("bull:albums:ours:dependencies"), await redis.smembers("bull:albums:theirs:dependencies"),
                (await job("parts", "one")).parentKey];
    )js"),
        R"(["The parent job bull:albums:theirs cannot be replaced. addJob",-7,["bull:parts:one"],["bull:parts:two"],"bull:albums:ours"])");
}

TEST_P(QueueInteropDuplicates, NodesChildIsNotMadeOurParents) {
    says(R"js(
        await (await flows()).add({
          name: "bind", queueName: "albums", data: {}, opts: { jobId: "theirs" },
          children: [{ name: "resize", queueName: "parts", data: {}, opts: { jobId: "one" } }],
        });
    )js");
    try {
        us->await(us->jobs.enqueue_flow(flow("bind", json::object{}, {.id = "ours", .queue = "albums"})
                                            .child(flow("resize", json::object{}, {.id = "two", .queue = "parts"}))
                                            .child(flow("resize", json::object{}, {.id = "one", .queue = "parts"}))));
        ADD_FAILURE() << "it was added";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::invalid_state);
        EXPECT_NE(std::string(e.what()).find("\"parts:one\" is another's child already"), std::string::npos)
            << e.what();
    }
    EXPECT_EQ(says(R"js(
        return [(await job("parts", "one")).parentKey, await redis.scard("bull:albums:theirs:dependencies"),
                await redis.exists("bull:albums:ours", "bull:albums:ours:dependencies", "bull:parts:two")];
    )js"),
              R"(["bull:albums:theirs",1,0])");
}

// Once that is gone, the other may have it.
TEST_P(QueueInteropDuplicates, AChildWithoutItsParentIsEithers) {
    us->await(us->jobs.enqueue_flow(flow("bind", json::object{}, {.id = "gone", .queue = "albums"})
                                        .child(flow("resize", json::object{}, {.id = "one", .queue = "parts"}))));
    says("await redis.del('bull:albums:gone', 'bull:albums:gone:dependencies'); await "
         "redis.zrem('bull:albums:waiting-children', 'gone')");
    says(R"js(
        await (await flows()).add({
          name: "bind", queueName: "albums", data: {}, opts: { jobId: "theirs" },
          children: [{ name: "resize", queueName: "parts", data: {}, opts: { jobId: "one" } }],
        });
        await redis.del("bull:albums:theirs", "bull:albums:theirs:dependencies");
        await redis.zrem("bull:albums:waiting-children", "theirs");
    )js");
    us->await(us->jobs.enqueue_flow(flow("bind", json::object{}, {.id = "ours", .queue = "albums"})
                                        .child(flow("resize", json::object{}, {.id = "one", .queue = "parts"}))));
    EXPECT_EQ(
        says("return [(await job('parts', 'one')).parentKey, await redis.smembers('bull:albums:ours:dependencies')]"),
        R"(["bull:albums:ours",["bull:parts:one"]])");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropDuplicates, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
