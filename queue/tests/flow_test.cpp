// Flows as users write them, run by a worker on the storage that knows everything.

#include <infra/queue/flow.hpp>
#include <infra/queue/memory.hpp>
#include <infra/queue/worker.hpp>

#include "support.hpp"

namespace infra::queue::tests {
namespace {

class QueueFlows : public ::testing::Test {
protected:
    ~QueueFlows() override {
        const auto stopped = loop.start(w.stop(0ms));
        loop.until([&] { return stopped->ended && running->ended; });
    }

    template <class F>
    job<json::value> define(std::string name, F handler) {
        return jobs.define_job<json::value>({.name = std::move(name), .handler = std::move(handler)});
    }

    job_id add(flow what) { return loop.await(jobs.enqueue_flow(std::move(what))); }

    job_info end_of(const job_id& id) {
        const auto end = loop.start(jobs.wait_for(id, deadline()));
        EXPECT_TRUE(loop.until([&] { return end->ended; }));
        return end->value.value_or(job_info());
    }

    job<json::value> doubling() {
        return define("double", [](json::value n) { return n.as_int64() * 2; });
    }
    job<json::value> failing() {
        return define("fail", [](json::value) -> int { throw std::runtime_error("no use"); });
    }
    job<json::value> summing() {
        return define("sum", [](json::value, job_context& c) -> awaitable<int> {
            int sum = 0;
            for (const auto each : co_await c.children_values<int>())
                sum += each;
            co_return sum;
        });
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<memory_backend> stored = make_memory_backend();
    queue jobs{stored, {}, std::make_shared<registry>(), time};
    worker w{jobs, {.renewals = loop.get_executor()}};
    std::shared_ptr<pending<void>> running = std::make_shared<pending<void>>(pending<void>{{}, true});
};

// With a worker.
class QueueFlowsRun : public QueueFlows {
protected:
    QueueFlowsRun() { running = loop.start(w.run()); }
};

TEST_F(QueueFlowsRun, AParentReadsWhatItsChildrenReturned) {
    const auto twice = doubling();
    const auto id = add(flow(summing(), nullptr).child(flow(twice, 1)).child(flow(twice, 2)).child(flow(twice, 3)));
    const auto end = end_of(id);
    EXPECT_EQ(end.result, "12");
    EXPECT_EQ(end.children, (children_counts{.completed = 3}));
}

TEST_F(QueueFlowsRun, ATreeRunsFromBelow) {
    const auto twice = doubling();
    const auto sum = summing();
    const auto id = add(flow(sum, nullptr)
                            .child(flow(sum, nullptr).child(flow(twice, 1)).child(flow(twice, 2)))
                            .child(flow(sum, nullptr).child(flow(twice, 10))));
    EXPECT_EQ(end_of(id).result, "26");
}

TEST_F(QueueFlowsRun, JobsAreNamedAsInEnqueue) {
    doubling();
    summing();
    const auto id = add(flow("sum", json::value()).child(flow("double", json::value(4))));
    EXPECT_EQ(end_of(id).result, "8");
}

TEST_F(QueueFlowsRun, AChainHandsEachStepWhatTheLastReturned) {
    const auto first = define("first", [](json::value text) { return "<" + std::string(text.as_string()) + ">"; });
    const auto next = define("next", [](json::value, job_context& c) -> awaitable<std::string> {
        co_return "[" + co_await c.previous<std::string>() + "]";
    });
    const auto id = add(chain(flow(first, "x"), flow(next), flow(next)));
    EXPECT_EQ(end_of(id).result, R"("[[<x>]]")");
}

TEST_F(QueueFlowsRun, AChainEndsWithAStepThatFails) {
    bool ran = false;
    const auto last = define("last", [&](json::value) { ran = true; });
    const auto id = add(chain(flow(doubling(), 1), flow(failing()), flow(last)));
    const auto end = end_of(id);
    EXPECT_EQ(end.state, job_state::failed);
    EXPECT_EQ(end.failed_reason.substr(0, 11), "child fail:");
    EXPECT_FALSE(ran);
}

TEST_F(QueueFlowsRun, TheFirstStepOfAChainMayBeATree) {
    const auto next =
        define("next", [](json::value, job_context& c) -> awaitable<int> { co_return co_await c.previous<int>() + 1; });
    const auto id = add(chain(flow(summing(), nullptr).child(flow(doubling(), 5)), flow(next)));
    EXPECT_EQ(end_of(id).result, "11");
}

TEST_F(QueueFlowsRun, ABatchIsCompletedWhenAllHaveEndedHoweverTheyDid) {
    const auto report = define("report", [](json::value of, job_context& c) -> awaitable<json::value> {
        const auto n = co_await c.count_children();
        co_return json::value{{"of", of}, {"completed", n.completed}, {"failed", n.failed}};
    });
    const auto twice = doubling();
    const auto id = add(batch({flow(twice, 1), flow(failing()), flow(twice, 3)}).on_complete(report, "mail"));
    EXPECT_EQ(json::parse(end_of(id).result).value(), (json::value{{"of", "mail"}, {"completed", 2}, {"failed", 1}}));
}

TEST_F(QueueFlowsRun, AParentSeesWhoFailedAndWhy) {
    const auto look = define("look", [](json::value, job_context& c) -> awaitable<std::string> {
        co_return (co_await c.failed_children()).at(0).failed_reason;
    });
    const auto id = add(flow(look, nullptr).child(flow(failing()), child_failure::ignore));
    EXPECT_EQ(end_of(id).result, R"("no use")");
}

TEST_F(QueueFlowsRun, AJobAddsChildrenAndWaitsForThem) {
    const auto twice = doubling();
    int runs = 0;
    const auto crawl = define("crawl", [&](json::value, job_context& c) -> awaitable<verdict> {
        ++runs;
        if ((co_await c.count_children()).total() == 0) {
            co_await jobs.enqueue_children(c, {flow(twice, 1), flow(twice, 2)});
            co_return verdict::wait_for_children();
        }
        co_return verdict::completed(co_await c.children_values<int>());
    });
    const auto end = end_of(add(flow(crawl, nullptr)));
    EXPECT_EQ(end.result, "[2,4]");
    EXPECT_EQ(end.attempts_made, 1);
    EXPECT_EQ(runs, 2);
}

TEST_F(QueueFlowsRun, AStepWithoutOneBeforeItSaysSo) {
    const auto alone =
        define("alone", [](json::value, job_context& c) -> awaitable<int> { co_return co_await c.previous<int>(); });
    const auto end = end_of(add(flow(alone)));
    EXPECT_EQ(end.state, job_state::failed);
    EXPECT_NE(end.failed_reason.find("has no step before it"), std::string::npos);
}

// --- without a worker ---------------------------------------------------------------------------------------------

TEST_F(QueueFlows, EachJobHasOptionsOfItsOwn) {
    const auto id =
        add(flow(summing(), nullptr, {.attempts = 3})
                .child(flow(doubling(), 1, {.priority = 7, .id = "child", .queue = "other", .group = "g"})));
    EXPECT_EQ(loop.await(jobs.find_job(id))->options.attempts, 3);
    const auto child = loop.await(jobs.find_job(job_key{"other", "child"}));
    ASSERT_TRUE(child);
    EXPECT_EQ(child->options.priority, 7);
    EXPECT_EQ(child->group, "g");
    EXPECT_EQ(child->parent, (job_key{"sum", id}));
}

TEST_F(QueueFlows, NothingIsAddedIfOneJobDoesNotFit) {
    jobs.define_job<int>({.name = "typed", .handler = [](int) {}});
    EXPECT_THROW(add(flow("sum", json::value()).child(flow("typed", json::value("text")))), error);
    EXPECT_THROW(add(flow("sum", json::value()).child(flow("other", json::value(), {.delay = -1ms}))),
                 std::invalid_argument);
    EXPECT_TRUE(loop.await(jobs.counts()).empty());
}

TEST_F(QueueFlows, AChainNeedsAStepAndTreesOnlyAtItsBeginning) {
    EXPECT_THROW(chain(std::vector<flow>()), std::invalid_argument);
    const auto sum = summing();
    EXPECT_THROW(chain(flow(sum), flow(sum).child(flow(sum))), std::invalid_argument);
}

TEST_F(QueueFlows, HaveABound) {
    const auto sum = summing();
    EXPECT_THROW(chain(std::vector(max_flow_jobs + 1, flow(sum))), std::invalid_argument);
    flow most = chain(std::vector(max_flow_jobs, flow(sum)));
    EXPECT_EQ(most.size(), max_flow_jobs);
    EXPECT_THROW(most.child(flow(sum)), std::invalid_argument);
}

TEST_F(QueueFlows, ALongChainIsAddedAndEndsWithoutRecursion) {
    const auto twice = doubling();
    const auto id = add(chain(std::vector(300, flow(twice, 1))));
    EXPECT_EQ(loop.await(jobs.counts({"double"})).at(0),
              (queue_counts{.queue = "double", .waiting = 1, .waiting_children = 299}));
    EXPECT_EQ(loop.await(jobs.list({.states = {job_state::waiting}})).jobs.size(), 1u);
    EXPECT_TRUE(loop.await(jobs.cancel(id)));
    EXPECT_EQ(loop.await(jobs.counts({"double"})).at(0), (queue_counts{.queue = "double", .failed = 300}));
}

TEST_F(QueueFlows, AJobIsRemovedWithWhatItWaitsFor) {
    const auto twice = doubling();
    const auto id =
        add(flow(summing(), nullptr).child(flow(twice, 1).child(flow(twice, 2))).child(flow(twice, 3, {.delay = 1h})));
    EXPECT_TRUE(loop.await(jobs.remove(id)));
    for (const auto& each : loop.await(jobs.counts()))
        EXPECT_EQ(each, queue_counts{.queue = each.queue});
}

TEST_F(QueueFlows, OneThatWasMovedFromIsRefused) {
    const auto twice = doubling();
    flow from(twice, 1);
    flow other = std::move(from);
    EXPECT_THROW(add(from), std::invalid_argument);
    EXPECT_THROW(other.child(from), std::invalid_argument);
    EXPECT_THROW(from.child(other), std::invalid_argument);
    EXPECT_THROW(chain(other, from), std::invalid_argument);
    EXPECT_THROW(chain(from, other), std::invalid_argument);
    EXPECT_EQ(other.size(), 1u);
}

TEST_F(QueueFlowsRun, ChildrenAreCountedWithoutReadingThem) {
    const auto twice = doubling();
    const auto counting = define("count", [](json::value, job_context& at) -> awaitable<std::size_t> {
        co_return (co_await at.count_children()).completed;
    });
    EXPECT_EQ(end_of(add(flow(counting, nullptr).child(flow(twice, 1)).child(flow(twice, 2)))).result, "2");

    const job_context c(
        job_context::facts{.job = {"count", "p"}}, {},
        [](std::string) -> awaitable<children_page> { throw std::runtime_error("they are read"); },
        []() -> awaitable<children_counts> { co_return children_counts{.pending = 1, .completed = 2}; });
    EXPECT_EQ(loop.await(c.count_children()), (children_counts{.pending = 1, .completed = 2}));
}

TEST_F(QueueFlows, GroupsAreCheckedAndLimited) {
    const auto twice = doubling();
    EXPECT_THROW(loop.await(jobs.enqueue(twice, 1, {.group = ""})), std::invalid_argument);
    EXPECT_THROW(loop.await(jobs.enqueue(twice, 1, {.group = std::string(201, 'x')})), std::invalid_argument);
    EXPECT_THROW(loop.await(jobs.set_group_limits("double", {.rate = {.max = 1, .duration = 0ms}})),
                 std::invalid_argument);
    const auto settings = loop.await(jobs.set_group_limits("double", {.concurrency = 2, .rate = {.max = 5}}));
    EXPECT_EQ(settings.per_group, (group_limits{.concurrency = 2, .rate = {.max = 5, .duration = 1s}}));
}

} // namespace
} // namespace infra::queue::tests
