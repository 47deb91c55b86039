// Servers that restart, refuse and forget; and what other programs write wrongly.

#include "fleet.hpp"
#include "relay.hpp"

#include <set>

namespace infra::queue::interop {
namespace {

class QueueInteropTrouble : public QueueInterop {
protected:
    void let_us_work() {
        us->handle("mail", "work", [this](json::value data) -> awaitable<json::value> {
            ran.add(json::to_text(data));
            co_return data;
        });
        us->work();
    }
    // What is cut short in its file Redis passes over at the first start, and executes at the second (queue/README.md, "The server").
    void write_file_anew() {
        says(R"js(
            const file = async (words) => (await redis.info("persistence").catch(() => "")).includes(words);
            await until(() => file("loading:0"));
            await redis.bgrewriteaof();
            await until(() => file("aof_rewrite_in_progress:0"), 60_000);
        )js");
    }
    std::string ended(const char* id) {
        return says(R"js(
            const ends = { completed: "returnvalue", failed: "failedReason" };
            await until(async () => ends[await state("mail", given)]);
            const found = await state("mail", given);
            return [found, await redis.hget(`bull:mail:${given}`, ends[found]), await redis.hget(`bull:mail:${given}`, "ats")];
        )js",
                    json::value(std::string(id)));
    }

    noted<std::string> ran;
};

// Attempts are left, and would not help.
TEST_P(QueueInteropTrouble, JobsThatSomebodyBrokeFailUnrun) {
    says(R"js(
        const mail = await queue("mail");
        for (const [id, field, text] of [["data", "data", "{\"n\":"], ["opts", "opts", "not JSON"], ["list", "opts", "[1]"]]) {
          await mail.add("work", {}, { jobId: id, attempts: 5 });
          await redis.hset(`bull:mail:${id}`, field, text);
        }
        await mail.add("work", { fine: true }, { jobId: "fine" });
    )js");
    let_us_work();
    EXPECT_EQ(ended("fine"), R"(["completed","{\"fine\":true}","1"])");
    for (const auto* id : {"data", "opts"}) {
        const auto end = ended(id);
        EXPECT_NE(end.find(R"(["failed",")"), std::string::npos) << end;
        EXPECT_NE(end.find("JSON"), std::string::npos) << end;
        EXPECT_EQ(end.substr(end.size() - 4), R"("1"])") << end;
    }
    EXPECT_EQ(ran.all(), std::vector<std::string>{R"({"fine":true})"});
    says("await until(async () => (await (await queue('mail')).getActiveCount()) === 0)");
}

TEST_P(QueueInteropTrouble, AnIdWithoutAJobIsPassedOver) {
    says(R"js(
        const mail = await queue("mail");
        await mail.add("work", 1, { jobId: "gone" });
        await mail.add("work", 2, { jobId: "here" });
        await redis.del("bull:mail:gone");
    )js");
    let_us_work();
    EXPECT_EQ(ended("here"), R"(["completed","2","1"])");
    EXPECT_EQ(ran.all(), std::vector<std::string>{"2"});
    EXPECT_EQ(says("const mail = await queue('mail'); await until(async () => (await redis.llen('bull:mail:active')) "
                   "=== 0); return redis.llen('bull:mail:wait')"),
              "0");
}

TEST_P(QueueInteropTrouble, AJobThatNobodyHereKnowsSaysSo) {
    says("await (await queue('mail')).add('unheard of', {}, { jobId: 'strange' })");
    let_us_work();
    us->add("mail", "work", 1, {.id = "known"});
    EXPECT_EQ(ended("known"), R"(["completed","1","1"])");
    says("await until(async () => (await state('mail', 'strange')) !== 'active')");
    EXPECT_NE(us->info("mail", "strange")->state, job_state::completed);
}

TEST_P(QueueInteropTrouble, ForgottenScriptsAreSentAnew) {
    let_us_work();
    us->add("mail", "work", 1, {.id = "one"});
    EXPECT_EQ(ended("one"), R"(["completed","1","1"])");
    says("await redis.script('FLUSH')");
    us->add("mail", "work", 2, {.id = "two"});
    EXPECT_EQ(ended("two"), R"(["completed","2","1"])");
}

TEST_P(QueueInteropTrouble, CutConnectionsLoseNothing) {
    let_us_work();
    says(R"js(
        await work("mail", async (each) => each.data);
        kept.cutting = true;
        kept.cuts = (async () => {
          for (let i = 0; kept.cutting; ++i) {
            await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").catch(() => {});
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        })();
    )js");
    std::set<job_id> ids;
    for (int i = 0; i < 80; ++i)
        ids.insert(us->add("mail", "work", i));
    says("kept.cutting = false; await kept.cuts");
    EXPECT_EQ(ids.size(), 80u) << "an acknowledged job was added under one id";
    says("const mail = await queue('mail'); await until(async () => (await mail.getCompletedCount()) >= 80)");
    EXPECT_EQ(says("return counts('mail')"),
              R"({"waiting":0,"prioritized":0,"delayed":0,"active":0,"completed":80,"failed":0})");
}

// Every few answers one is lost with its connection, after the server has done what it was asked.
TEST_P(QueueInteropTrouble, LostAnswersMeanNothingTwice) {
    us.reset();
    relay between(server->port());
    us.emplace(redis_queue_options{.server = redis::options_from("redis://127.0.0.1:" + std::to_string(between.port())),
                                   .stalled_interval = 200ms});
    between.lose_every(7);
    std::set<job_id> ids;
    for (int i = 0; i < 100; ++i)
        ids.insert(us->add("mail", "work", i));
    EXPECT_EQ(ids.size(), 100u);
    EXPECT_EQ(says("return (await queue('mail')).getWaitingCount()"), "100") << "each was added once";
    let_us_work();
    says("const mail = await queue('mail'); await until(async () => (await mail.getCompletedCount()) >= 100)");
    EXPECT_GT(between.lost(), 10);
    between.lose_every(0);
    us->stop_work();
    EXPECT_EQ(says("return counts('mail')"),
              R"({"waiting":0,"prioritized":0,"delayed":0,"active":0,"completed":100,"failed":0})");
    EXPECT_EQ(says("return (await (await queue('mail')).getCompleted()).every((each) => each.attemptsMade === 1)"),
              "true");
    us.emplace(options_of_ours());
}

TEST_P(QueueInteropTrouble, ARestartedServerHasAllThatWasAcknowledged) {
    us.reset();
    node_side.reset();
    server.emplace(std::vector<std::string>{"--appendonly", "yes", "--appendfsync", "always"});
    node_side.emplace(GetParam(), server->port());
    us.emplace(options_of_ours());
    let_us_work();
    says("kept.worker = await work('mail', async (each) => each.data, { stalledInterval: 300, lockDuration: 1000, "
         "maxStalledCount: 5 })");
    const auto bulk =
        us->jobs.define_job({.name = "bulk", .handler = [](json::value data) { return data; }, .queue = "mail"});
    std::size_t acknowledged = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 20; ++i)
            acknowledged += us->await(us->jobs.enqueue_bulk(bulk, std::vector<json::value>(10, i))).size();
        server->kill();
        server->start();
        write_file_anew();
    }
    EXPECT_EQ(acknowledged, 600u);
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        await until(async () => (await mail.getCompletedCount()) >= 600, 90_000); // a lease may have to end first
        return counts("mail");
    )js"),
              R"({"waiting":0,"prioritized":0,"delayed":0,"active":0,"completed":600,"failed":0})");
}

TEST_P(QueueInteropTrouble, AFullServerSaysSoAndGoesOnLater) {
    us->add("mail", "work", 1, {.id = "before"});
    says("await redis.config('SET', 'maxmemory', '1')");
    try {
        us->add("mail", "work", 2, {.id = "while"});
        ADD_FAILURE() << "it was added";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::unavailable);
        EXPECT_NE(std::string(e.what()).find("maxmemory"), std::string::npos) << e.what();
    }
    says("await redis.config('SET', 'maxmemory', '0')");
    EXPECT_EQ(says("return (await redis.keys('bull:mail:while*')).length"), "0") << "nothing of it is there";
    let_us_work();
    EXPECT_EQ(ended("before"), R"(["completed","1","1"])");
    us->add("mail", "work", 3, {.id = "after"});
    EXPECT_EQ(ended("after"), R"(["completed","3","1"])");
}

TEST_P(QueueInteropTrouble, AReplicaThatMayNotBeWrittenSaysSo) {
    testing::redis_server replica({"--replicaof", "127.0.0.1", std::to_string(server->port())});
    us->add("mail", "work", 1);
    our_program there({.server = redis::options_from(replica.url()), .timeout = 1s});
    EXPECT_THROW(there.add("mail", "work", 2), error);
    EXPECT_EQ(says("return (await queue('mail')).getWaitingCount()"), "1");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropTrouble, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
