#pragma once

// A worker on a loop that the test turns, with a storage that remembers what it was asked.

#include <infra/queue/worker.hpp>

#include "captured_log.hpp"
#include "fake_backend.hpp"

namespace infra::queue::tests {

class QueueWorker : public ::testing::Test {
protected:
    ~QueueWorker() override { stop_now(); }

    /// A test whose handlers use what is its own calls it before that goes.
    void stop_now() {
        if (running && !running->ended) {
            const auto stopped = loop.start(w->stop(0ms));
            turn_until([&] { return running->ended && stopped->ended; });
        }
    }

    claimed_job offer(const job_id& id, job_options options = {}, std::string name = "job",
                      std::string data = R"({"n":1})") {
        claimed_job job{.held = {.job = {"mail", id}, .fence = 1, .token = "token of " + id},
                        .name = std::move(name),
                        .data = std::move(data),
                        .options = options};
        stored->offer(job);
        return job;
    }

    static claimed_job job_of(std::string carrier) {
        return {
            .held = {.job = {"mail", "a"}, .token = "t"}, .name = "job", .data = "{}", .carrier = std::move(carrier)};
    }

    template <class F>
    void handle(F handler, std::string name = "job") {
        jobs.define_job({.name = std::move(name), .handler = std::move(handler), .queue = "mail"});
    }

    void start(worker_options options = {}) {
        options.renewals = options.renewals ? options.renewals : std::optional(loop.get_executor());
        w.emplace(jobs, options);
        running = loop.start(w->run());
    }

    /// Like start(), renewing on a thread of the worker's own.
    void start_renewing_alone(worker_options options) {
        w.emplace(jobs, options);
        running = loop.start(w->run());
    }

    void turn_until(const std::function<bool()>& done) { ASSERT_TRUE(loop.until(done)) << "still waiting"; }
    void wait_for_finished(std::size_t n) {
        turn_until([&] { return stored->finished_count() >= n; });
    }
    /// Turns the loop until a sleeper waits beside those that always do, then moves time on.
    void pass(std::chrono::milliseconds d) {
        for (int i = 0; i < 20; ++i)
            loop.settle();
        time.advance(d);
        for (int i = 0; i < 20; ++i)
            loop.settle();
    }
    const outcome& result(std::size_t i = 0) { return stored->finished.at(i); }

    static awaitable<void> for_ever() {
        asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
        co_await timer.async_wait(asio::use_awaitable);
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<fake_backend> stored = std::make_shared<fake_backend>();
    queue jobs{stored, {}, std::make_shared<registry>(), time};
    std::optional<worker> w;
    std::shared_ptr<pending<void>> running;
    captured_log log;
};

} // namespace infra::queue::tests
