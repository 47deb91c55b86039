#include "support.hpp"

#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/queue.hpp>

#include <atomic>

// The whole way, on a real file and a real clock.

namespace infra::queue::tests {

struct greeting {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(greeting, (), (name))

namespace {

class WorkerOnSqlite : public ::testing::Test {
protected:
    ~WorkerOnSqlite() override {
        loop.await(jobs.stop(deadline::after(30s)));
        expect_sound(file);
    }

    std::shared_ptr<pending<void>> start(worker& w) { return loop.start(w.run()); }
    job_info find(const job_id& id) { return loop.await(jobs.find_job(id)).value(); }
    void wait_for(const job_id& id, job_state state) {
        ASSERT_TRUE(loop.until([&] { return find(id).state == state; }));
    }

    temporary_folder folder;
    const std::filesystem::path file = folder / "queue.db";
    test_loop loop;
    queue jobs{make_sqlite_backend({.file = file, .durability = durability::normal, .poll = 5ms})};
};

TEST_F(WorkerOnSqlite, RunsAJobFromEnqueueToItsResult) {
    const auto greet = jobs.define_job<greeting>(
        {.name = "greet", .handler = [](greeting g) -> awaitable<std::string> { co_return "hello " + g.name; }});
    worker w(jobs);
    const auto running = start(w);
    const auto id = loop.await(jobs.enqueue(greet, {.name = "Ada"}));
    wait_for(id, job_state::completed);
    const auto done = find(id);
    EXPECT_EQ(done.result, R"("hello Ada")");
    EXPECT_EQ(done.attempts_made, 1);
    EXPECT_GE(*done.started_at, done.created_at);
    EXPECT_GE(*done.finished_at, *done.started_at);
    loop.await(w.stop(10s));
    EXPECT_FALSE(running->failure);
}

// Operations end on the thread that writes the file; what follows is the caller's again.
TEST_F(WorkerOnSqlite, LeavesEveryCallerItsSpanAndGivesTheJobItsProducers) {
    std::map<std::string, trace_headers> told;
    jobs.define_job({.name = "work", .handler = [&](json::value, job_context& job) -> awaitable<void> {
                         told[job.id()] = inject();
                         co_return;
                     }});
    const auto request = [](queue q, std::string id, std::string tenant) -> awaitable<std::string> {
        const context_scope in(context::current().with_baggage({{"tenant", tenant}}));
        const telemetry::span span("request", span_kind::server);
        co_await q.enqueue("work", {{"a", 1}}, {.id = id});
        EXPECT_EQ(current_span(), span.context());
        co_await q.find_job(id);
        EXPECT_EQ(current_span(), span.context());
        EXPECT_EQ(inject().baggage, "tenant=" + tenant);
        co_return format_traceparent(span.context()).substr(3, 32);
    };
    std::map<std::string, std::shared_ptr<pending<std::string>>> requests;
    for (int i = 0; i < 50; ++i) {
        const auto id = "j" + std::to_string(i);
        requests[id] = loop.start(request(jobs, id, "of-" + id));
    }
    worker w(jobs);
    start(w);
    ASSERT_TRUE(loop.until([&] { return told.size() == requests.size(); }));
    for (const auto& [id, made] : requests) {
        ASSERT_TRUE(loop.until([&] { return made->ended; }));
        EXPECT_EQ(told[id].traceparent.substr(3, 32), made->value);
        EXPECT_EQ(told[id].baggage, "tenant=of-" + id);
    }
    loop.await(w.stop(10s));
}

TEST_F(WorkerOnSqlite, RetriesUntilItSucceeds) {
    std::atomic<int> tries = 0;
    jobs.define_job({.name = "flaky",
                     .handler =
                         [&](json::value) {
                             if (++tries < 3)
                                 throw std::runtime_error("not yet");
                         },
                     .attempts = 5,
                     .backoff = fixed(1ms)});
    worker w(jobs);
    start(w);
    const auto id = loop.await(jobs.enqueue("flaky", json::object()));
    wait_for(id, job_state::completed);
    EXPECT_EQ(tries, 3);
    EXPECT_EQ(find(id).attempts_made, 3);
    EXPECT_EQ(find(id).failed_reason, "not yet");
    loop.await(w.stop(10s));
}

TEST_F(WorkerOnSqlite, RunsAJobAgainWhoseWorkerVanished) {
    loop.await(jobs.stored()->enqueue({make_job("orphan", {}, "greet")}));
    const auto now = real_clock().wall();
    const auto taken =
        loop.await(jobs.stored()->claim({.queues = {"greet"}, .max = 1, .worker = "dead", .lease = 50ms, .now = now}));
    const auto dead = taken.jobs.at(0).held;
    std::uint64_t fence = 0;
    jobs.define_job(
        {.name = "welcome", .handler = [&](json::value, job_context& c) { fence = c.fence(); }, .queue = "greet"});
    worker w(jobs);
    start(w);
    wait_for("orphan", job_state::completed);
    EXPECT_GT(fence, dead.fence);
    EXPECT_EQ(find("orphan").stalls, 1);
    EXPECT_EQ(find("orphan").attempts_made, 1);
    loop.await(w.stop(10s));
}

TEST_F(WorkerOnSqlite, DoesEveryJobOnceWhenSeveralWorkersShareTheFile) {
    std::mutex mutex;
    std::multiset<std::string> done;
    const auto define = [&](const queue& q) {
        q.define_job({.name = "count", .handler = [&](json::value, job_context& c) -> awaitable<void> {
                          const std::scoped_lock lock(mutex);
                          done.insert(c.id());
                          co_return;
                      }});
    };
    define(jobs);
    const queue others(make_sqlite_backend({.file = file, .durability = durability::normal, .poll = 5ms}));
    define(others);
    worker a(jobs), b(jobs), c(others);
    for (auto* each : {&a, &b, &c})
        start(*each);
    std::set<std::string> added;
    for (int i = 0; i < 20; ++i)
        for (const auto& id : loop.await(jobs.enqueue_bulk(job<json::value>({.name = "count", .queue = "count"}),
                                                           std::vector<json::value>(10, json::object()))))
            added.insert(id);
    EXPECT_TRUE(loop.until([&] {
        const std::scoped_lock lock(mutex);
        return done.size() >= added.size();
    }));
    for (auto* each : {&a, &b, &c})
        loop.await(each->stop(10s));
    EXPECT_EQ(done.size(), 200u);
    EXPECT_EQ(std::set<std::string>(done.begin(), done.end()), added);
    loop.await(others.stop(deadline::after(30s)));
}

TEST_F(WorkerOnSqlite, GivesAnInterruptedJobToTheNextWorkerAtOnce) {
    bool first = true;
    std::atomic<bool> entered = false;
    jobs.define_job({.name = "long", .handler = [&](json::value) -> awaitable<void> {
                         entered = true;
                         if (std::exchange(first, false))
                             co_await real_clock().sleep_until(steady_time::max());
                     }});
    const auto id = loop.await(jobs.enqueue("long", json::object()));
    worker before(jobs);
    const auto running = start(before);
    ASSERT_TRUE(loop.until([&] { return entered.load(); }));
    loop.await(before.stop(0ms));
    EXPECT_TRUE(running->ended);
    EXPECT_EQ(find(id).state, job_state::waiting);
    EXPECT_EQ(find(id).attempts_made, 0);
    const auto fence = find(id).fence;
    worker after(jobs);
    start(after);
    wait_for(id, job_state::completed);
    EXPECT_EQ(find(id).attempts_made, 1);
    EXPECT_GT(find(id).fence, fence);
    loop.await(after.stop(10s));
}

TEST_F(WorkerOnSqlite, KeepsAsManyFinishedJobsAsItIsTold) {
    const auto count =
        jobs.define_job<no_data>({.name = "count", .handler = [](no_data) {}, .keep_completed = {.count = 5}});
    worker w(jobs);
    start(w);
    loop.await(jobs.enqueue_bulk(count, std::vector<no_data>(50)));
    ASSERT_TRUE(loop.until([&] {
        const auto now = loop.await(jobs.counts({"count"})).at(0);
        return now.waiting + now.active == 0;
    }));
    EXPECT_EQ(loop.await(jobs.counts({"count"})).at(0).completed, 5u);
    loop.await(w.stop(10s));
}

} // namespace
} // namespace infra::queue::tests
