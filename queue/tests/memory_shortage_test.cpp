// What becomes of jobs in hand where an allocation fails.

#include <infra/queue/worker.hpp>

#include "fake_backend.hpp"
#include "memory_shortage.hpp"

#include <infra/base/telemetry.hpp>

#ifdef INFRA_TESTS_RUN_SHORT_OF_MEMORY

namespace infra::queue::tests {
namespace {

using testing::shortage;

/// A worker that is given a job, whose memory is short in the middle of it: once that is in its hands, or its handler has ended.
/// Not in later turns of its loop, for there it is Asio that would have to go on without.
class short_of_memory {
public:
    enum class when { it_is_taken, it_has_ended, it_is_stopped };

    /// Of the allocations from that moment on so many succeed, and so many after them fail; and `again` at once, as what was left
    /// is given back.
    short_of_memory(when moment, long succeed, long fail, long again = 0)
        : moment_(moment), succeed_(succeed), fail_(fail), again_(again) {
        one = this;
        telemetry::install(&log);
        stored->on_finish = [] { shortage::end(); };
        jobs.define_job({.name = "job",
                         .handler = [this](json::value) -> awaitable<json::value> {
                             if (moment_ == when::it_is_stopped)
                                 co_await time.sleep_for(1h);
                             begin_at(when::it_has_ended);
                             co_return json::value("a result that is too long to lie in the string itself");
                         },
                         .queue = "mail"});
        running = loop.start(w.run());
        stored->rescued = {{"mail", "a"}}; // which is told once what was taken is in hand
        offer("a");
        if (moment == when::it_is_stopped)
            pass(1s), stopped = loop.start(w.stop(0ms));
        pass(12s);
        shortage::end();
        moment_.reset();
    }
    ~short_of_memory() {
        if (!stopped)
            stopped = loop.start(w.stop(0ms));
        loop.until([&] { return running->ended && stopped->ended; });
        telemetry::install(static_cast<const telemetry::log_functions*>(nullptr));
    }

    bool felt() const { return memory_ && shortage::felt(); }

    /// Recorded or given back; or left to whoever takes it when its lease is over, which nobody renews.
    void expect_not_kept() {
        const auto renewed = stored->extensions.load();
        pass(4s);
        if (!end_of("a")) {
            EXPECT_EQ(stored->extensions, renewed) << "its lease is renewed, and nobody runs it";
        }
    }

    void expect_at_work() {
        ASSERT_FALSE(running->ended) << describe(running->failure);
        offer("b");
        pass(6s);
        ASSERT_TRUE(end_of("b")) << "nothing is done any more";
        EXPECT_EQ(end_of("b")->as, outcome::kind::completed);
    }

    bool was_short_again() const { return again_ == 0; }
    bool has_ended() const { return running->ended; }

    std::optional<outcome> end_of(const job_id& id) {
        const auto found = std::ranges::find(stored->finished, id, [](const outcome& o) { return o.held.job.id; });
        return found == stored->finished.end() ? std::nullopt : std::optional(*found);
    }

private:
    void begin_at(when now) {
        shortage::end();
        if (moment_ == now)
            memory_.emplace(succeed_, fail_);
        moment_ = moment_ == now ? std::nullopt : moment_;
    }
    static void write(const log_record& r) noexcept {
        if (r.message.starts_with("job stalled"))
            one->begin_at(when::it_is_taken);
        if (r.message.starts_with("job returned: the worker stops"))
            one->begin_at(when::it_is_stopped);
        if (r.message.starts_with("there was no memory to begin") && one->again_ > 0)
            one->memory_.emplace(0, std::exchange(one->again_, 0));
    }
    static constexpr telemetry::log_functions log{.enabled = [](level, std::string_view) noexcept { return true; },
                                                  .write = &write};

    void offer(const job_id& id) {
        stored->offer({.held = {.job = {"mail", id}, .fence = 1, .token = "the token of the lease of " + id},
                       .name = "job",
                       .data = R"({"n":1})",
                       .options = {.attempts = 2}});
    }
    void pass(std::chrono::milliseconds d) {
        for (std::chrono::milliseconds gone{0}; gone < d; gone += 1s) {
            turn();
            time.advance(1s);
        }
    }
    void turn() {
        loop.io.restart();
        for (int i = 0; i < 6 && loop.io.run_one_for(2ms) > 0; ++i)
            if (felt() || stopped)
                shortage::end();
    }

    static inline short_of_memory* one = nullptr;
    std::optional<when> moment_;
    const long succeed_, fail_;
    long again_;
    std::optional<shortage> memory_;
    test_loop loop;
    manual_clock time;
    std::shared_ptr<fake_backend> stored = std::make_shared<fake_backend>();
    queue jobs{stored, {}, std::make_shared<registry>(), time};
    worker w{jobs, {.renewals = loop.get_executor()}};
    std::shared_ptr<pending<void>> running, stopped;
};

class QueueWorkerWithoutMemory : public ::testing::TestWithParam<long> {
protected:
    /// Whichever allocation it is that fails.
    void expect_no_job_kept(short_of_memory::when moment) {
        long after = 0;
        std::map<std::string, int> ends;
        for (bool fell_short = true; fell_short && !HasFailure(); ++after) {
            short_of_memory one(moment, after, GetParam());
            fell_short = one.felt();
            one.expect_not_kept();
            one.expect_at_work();
            const auto end = one.end_of("a");
            ++ends[end ? std::string(to_string(end->as)) : "left to its lease"];
            if (HasFailure())
                ADD_FAILURE() << "where allocation " << after << " failed";
        }
        EXPECT_GT(after, 5);
        EXPECT_GT(ends["completed"], 0);
        for (const auto& [how, number] : ends)
            RecordProperty(how, number);
    }
};

TEST_P(QueueWorkerWithoutMemory, KeepsNoJobThatItCannotBegin) {
    expect_no_job_kept(short_of_memory::when::it_is_taken);
}

TEST_P(QueueWorkerWithoutMemory, KeepsNoJobWhoseEndItCannotRecordAtOnce) {
    expect_no_job_kept(short_of_memory::when::it_has_ended);
}

TEST_P(QueueWorkerWithoutMemory, OutlivesASecondShortageAsItGivesBackWhatItCouldNotBegin) {
    int short_again = 0;
    long after = 0;
    for (bool fell_short = true; fell_short && !HasFailure(); ++after) {
        short_of_memory one(short_of_memory::when::it_is_taken, after, 1, GetParam());
        fell_short = one.felt();
        short_again += one.was_short_again() ? 1 : 0;
        if (one.was_short_again()) {
            ASSERT_TRUE(one.end_of("a"));
            EXPECT_EQ(one.end_of("a")->as, outcome::kind::returned);
        }
        one.expect_at_work();
    }
    EXPECT_GT(short_again, 0);
}

TEST_P(QueueWorkerWithoutMemory, RecordsWhatEndedAsItStopsOnceThereIsSome) {
    for (long after = 0; after < 8 && !HasFailure(); ++after) {
        short_of_memory one(short_of_memory::when::it_is_stopped, after, GetParam());
        EXPECT_TRUE(one.end_of("a")) << "where allocation " << after << " failed";
        EXPECT_TRUE(one.has_ended());
    }
}

INSTANTIATE_TEST_SUITE_P(SomeAllocationsFail, QueueWorkerWithoutMemory, ::testing::Values(1, 3),
                         [](const auto& info) { return info.param == 1 ? "One" : "Three"; });

} // namespace
} // namespace infra::queue::tests

#endif
