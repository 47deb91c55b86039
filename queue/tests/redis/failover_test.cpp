// The master of a queue is killed in the middle of work, and its replica takes over: workers go on by themselves, and whatever the
// replica had been told of runs.

#include "tests/nodes.hpp"
#include "tests/trio.hpp"

#include <infra/queue/redis.hpp>
#include <infra/queue/redis_doctor.hpp>
#include <infra/queue/worker.hpp>
#include <infra/redis.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;

/// Adds jobs and runs them, on a loop of its own.
class program {
    template <class F>
    auto look(F at) const {
        const std::scoped_lock guard(lock_);
        return at();
    }

public:
    explicit program(redis_queue_options at) : jobs_(make_redis_backend(std::move(at), {loop_.get_executor()})) {
        work_ = jobs_.define_job<int>({.name = "work",
                                       .handler = [this](int n) { return run(n); },
                                       .queue = "mail",
                                       .keep_completed = {},
                                       .keep_failed = {}});
        loop_.start();
    }
    ~program() {
        is_enough = true;
        try {
            await(worker_->stop(5s));
            worked_.get();
            added_.get();
            await(jobs_.stop(deadline::after(10s)));
        } catch (const std::exception& e) {
            ADD_FAILURE() << "it does not stop: " << e.what();
        }
    }

    void begin() {
        worker_.emplace(jobs_, worker_options{.concurrency = 20, .lease = 1s, .max_stalls = 1'000});
        worked_ = asio::co_spawn(loop_.get_executor(), worker_->run(), asio::use_future);
        added_ = asio::co_spawn(loop_.get_executor(), add_until_enough(), asio::use_future);
    }

    std::size_t acknowledged() const {
        return look([&] { return acknowledged_.size(); });
    }
    std::size_t ran() const {
        return look([&] { return runs_.size(); });
    }
    /// Nothing is being added while this holds.
    bool is_idle() const { return is_idle_; }

    std::vector<int> lost() const {
        return look([&] {
            std::vector<int> all;
            std::ranges::copy_if(acknowledged_, std::back_inserter(all), [&](int n) { return !runs_.contains(n); });
            return all;
        });
    }
    std::ptrdiff_t ran_again() const {
        return look([&] { return std::ranges::count_if(runs_, [](const auto& each) { return each.second > 1; }); });
    }
    queue_counts counts() { return await(jobs_.stored()->counts({"mail"})).at(0); }

    std::atomic<bool> is_held = false; ///< adds nothing for the time being
    std::atomic<bool> is_enough = false;
    std::atomic<std::size_t> unacknowledged = 0;

private:
    awaitable<void> run(int n) {
        co_await real_clock().sleep_for(20ms);
        const std::scoped_lock guard(lock_);
        ++runs_[n];
    }

    bool has_enough_to_do() const { return acknowledged() > ran() + 500; }

    // Ten at once: they are acknowledged together, or not.
    awaitable<void> add_until_enough() {
        for (int first = 0; !is_enough;) {
            if ((is_idle_ = is_held || has_enough_to_do())) {
                co_await real_clock().sleep_for(1ms);
                continue;
            }
            std::vector<int> some(10);
            for (auto& each : some)
                each = first++;
            try {
                co_await jobs_.enqueue_bulk(*work_, some);
                const std::scoped_lock guard(lock_);
                acknowledged_.insert(some.begin(), some.end());
            } catch (const error&) {
                unacknowledged += some.size();
            }
        }
    }

    template <class T>
    T await(awaitable<T> operation) {
        return asio::co_spawn(loop_.get_executor(), std::move(operation), asio::use_future).get();
    }

    event_loop loop_{"ours"};
    queue jobs_;
    std::optional<job<int>> work_;
    std::optional<worker> worker_;
    std::future<void> worked_, added_;
    mutable std::mutex lock_;
    std::set<int> acknowledged_;
    std::map<int, int> runs_;
    std::atomic<bool> is_idle_ = false;
};

class QueueRedisFailover : public ::testing::Test {
protected:
    void SetUp() override {
        if (!redis::server::installed())
            GTEST_SKIP() << redis::server::how_to_install;
    }

    void begin(redis_queue_options at) {
        options = at;
        options.stalled_interval = 200ms;
        ours.emplace(options);
        ours->begin();
        loop.until([&] { return ours->ran() > 100 && ours->acknowledged() > ours->ran() + 200; });
    }

    /// Returns once the replica has been told of all that was acknowledged. What runs goes on running, and ending.
    void until_all_is_replicated(redis::server& master, const std::string& key) {
        ours->is_held = true;
        loop.until([&] { return ours->is_idle(); });
        const redis::client direct({loop.get_executor()}, master.over_socket());
        redis::batch both;
        both.add({"SET", key, "x"}).add({"WAIT", 1, 10'000});
        const auto own = loop.get(direct.lease(deadline::after(10s)));
        const auto answers = loop.get(own.execute(std::move(both), deadline::after(15s)));
        ASSERT_EQ(answers.at(1).as_integer(), 1);
    }

    /// Adding and running go on, and nothing that was acknowledged is missing.
    void expect_all_runs() {
        const auto before = ours->acknowledged();
        loop.until([&] { return ours->acknowledged() > before + 200; });
        ours->is_held = true;
        loop.until([&] { return ours->is_idle(); });
        loop.until([&] { return ours->lost().empty(); });
        loop.until([&] {
            const auto counts = ours->counts();
            return counts.waiting + counts.delayed + counts.active == 0;
        });
        const auto counts = ours->counts();
        EXPECT_EQ(counts.failed, 0u);
        EXPECT_GE(counts.completed, ours->acknowledged());
        EXPECT_LE(counts.completed, ours->ran()) << "one was added twice";
        RecordProperty("ran_again", std::to_string(ours->ran_again()));
        RecordProperty("unacknowledged", std::to_string(ours->unacknowledged));
        ours.reset();
        for (const auto& each : loop.get(examine(options)).findings)
            ADD_FAILURE() << "the doctor says: " << to_string(each.what) << " " << each.queue << " " << each.id << ": "
                          << each.detail;
    }

    redis::test_loop loop;
    redis_queue_options options;
    std::optional<program> ours;
};

TEST_F(QueueRedisFailover, BySentinelsLosesNothingOfWhichTheReplicaWasTold) {
    redis::trio three(loop);
    begin({.server = three.to()});
    until_all_is_replicated(three.master(), "seen");
    three.master().kill();
    ours->is_held = false; // what is added meanwhile waits for the new master
    three.until_switched();
    expect_all_runs();
}

// Killed at any moment: nothing was waited for but by the calls themselves.
TEST_F(QueueRedisFailover, LosesNothingThatWasAcknowledgedWhereReplicasAreWaitedFor) {
    redis::trio three(loop);
    begin({.server = three.to(), .replicas = 1, .timeout = 3s});
    three.master().kill();
    three.until_switched();
    ours->is_held = true;
    loop.until([&] { return ours->is_idle(); });
    loop.until([&] { return ours->lost().empty(); });
    const auto acknowledged = ours->acknowledged(), refused = ours->unacknowledged.load();
    ours->is_held = false; // there is no replica, and so nothing is acknowledged
    loop.until([&] { return ours->unacknowledged > refused; });
    EXPECT_EQ(ours->acknowledged(), acknowledged);
    three.master().start(); // and is told to follow the other
    expect_all_runs();
}

TEST_F(QueueRedisFailover, InAClusterLosesNothingOfWhichTheReplicaWasTold) {
    redis::nodes nodes(loop, true);
    const auto slot = static_cast<std::uint16_t>(nodes.ask(0, {"CLUSTER", "KEYSLOT", "{bull}"}).as_integer());
    const auto owner = nodes.owner(slot), asked = owner == 0 ? std::size_t{1} : std::size_t{0};
    begin({.server = nodes.to(), .prefix = "{bull}"});
    until_all_is_replicated(nodes.node(owner), "{bull}~seen");
    nodes.node(owner).kill();
    ours->is_held = false;
    loop.until([&] { return nodes.owner(slot, asked) != owner; });
    expect_all_runs();
}

// A master that nobody follows any more acknowledges nothing that would be lost with it, if it is told so.
TEST_F(QueueRedisFailover, AMasterWithoutItsReplicaTakesNothingIfItIsToldSo) {
    redis::server master({"--min-replicas-to-write", "1", "--min-replicas-max-lag", "1"});
    redis::server replica({"--replicaof", "127.0.0.1", std::to_string(master.port())});
    const redis::client direct({loop.get_executor()}, master.over_socket());
    const auto takes_writes = [&] { return !loop.get(direct.execute({"SET", "x", "y"})).is_error(); };
    loop.until(takes_writes);
    begin({.server = master.over_tcp(), .timeout = 300ms});
    replica.pause();
    loop.until([&] { return !takes_writes(); });
    const auto acknowledged = ours->acknowledged(), refused = ours->unacknowledged.load();
    loop.until([&] { return ours->unacknowledged > refused + 50; });
    EXPECT_LE(ours->acknowledged(), acknowledged + 10) << "one call was under way";
    replica.proceed();
    expect_all_runs();
}

} // namespace
} // namespace infra::queue::redis_backend::tests
