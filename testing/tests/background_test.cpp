#include <infra/testing/background_conformance.hpp>

#include <infra/health.hpp>
#include <infra/logging.hpp>
#include <infra/queue.hpp>
#include <infra/queue/memory.hpp>
#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

// The objects of the rooms that infra::testing stands on, and of modules, whose tests see no other module. The others stand
// in their own rooms: http::server in http_server/tests/server_test.cpp, with TLS in tls_test.cpp, http::client in
// http_client/tests, the SQLite backend in queue/tests/sqlite/backend_test.cpp, the exporter in otlp/tests.

namespace infra::testing {
namespace {

awaitable<void> for_ever() {
    asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
    co_await timer.async_wait(asio::use_awaitable);
}

// The suite bounds the time.
awaitable<void> until(std::function<bool()> condition) {
    asio::steady_timer turn(co_await asio::this_coro::executor);
    while (!condition()) {
        turn.expires_after(std::chrono::milliseconds(1));
        co_await turn.async_wait(asio::use_awaitable);
    }
}

// --- queue::worker, busy with a job that never ends ---------------------------------------------------------------------

struct worker_surroundings {
    bool job_entered = false;
};

awaitable<void> hold_a_job(queue::queue jobs, std::shared_ptr<worker_surroundings> with) {
    co_await jobs.enqueue("for-ever", json::object{});
    co_await until([with] { return with->job_entered; });
}

background_subject make_worker(executor ex) {
    const auto with = std::make_shared<worker_surroundings>();
    const queue::queue jobs(std::make_shared<queue::memory_backend>());
    jobs.define_job({.name = "for-ever", .handler = [with](json::value) -> awaitable<void> {
                         with->job_entered = true;
                         co_await for_ever();
                     }});
    const auto worker = std::make_shared<queue::worker>(jobs, queue::worker_options{.renewals = ex});
    auto* const w = worker.get();
    return {.object = worker,
            .run = [w] { return w->run(); },
            .stop = [w](deadline limit) { return w->stop(limit); },
            .make_busy = [jobs, with] { return hold_a_job(jobs, with); },
            .surroundings = with};
}

// --- blocking_pool, busy with a function that waits for its end ---------------------------------------------------------

// Opened when the pool is asked to end: it waits for functions that run.
struct held_thread {
    std::promise<void> entered, ended;

    void hold() {
        entered.set_value();
        ended.get_future().wait();
    }
    void let_go() {
        if (!std::exchange(gone, true))
            ended.set_value();
    }

private:
    bool gone = false;
};

// Does not keep the pool alive while the call is under way.
std::optional<awaitable<void>> begin_to_call(const std::weak_ptr<blocking_pool>& pool) {
    const auto alive = pool.lock();
    return alive ? std::optional(alive->run([] {})) : std::nullopt;
}

awaitable<void> call_until_closed(std::weak_ptr<blocking_pool> pool) {
    try {
        while (auto calling = begin_to_call(pool))
            co_await std::move(*calling);
    } catch (const error& e) {
        if (e.code() != errc::closed)
            throw;
    }
}

awaitable<void> hold_its_thread(blocking_pool* pool, std::shared_ptr<held_thread> thread, executor ex) {
    asio::co_spawn(ex, pool->run([thread] { thread->hold(); }), [](std::exception_ptr) {});
    auto entered = thread->entered.get_future();
    while (entered.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
        co_await asio::post(ex, asio::use_awaitable);
}

awaitable<void> stop_pool(blocking_pool* pool, std::shared_ptr<held_thread> thread) {
    thread->let_go();
    pool->stop();
    co_return;
}

background_subject make_pool(executor ex) {
    const auto thread = std::make_shared<held_thread>();
    const std::shared_ptr<blocking_pool> pool(new blocking_pool({.threads = 1}), [thread](blocking_pool* p) {
        thread->let_go();
        delete p;
    });
    auto* const p = pool.get();
    return {.object = pool,
            .run = [weak = std::weak_ptr(pool)] { return call_until_closed(weak); },
            .stop = [p, thread](deadline) { return stop_pool(p, thread); },
            .make_busy = [p, thread, ex] { return hold_its_thread(p, thread, ex); }};
}

// --- event_loop and event_loops, busy with work that always adds more ---------------------------------------------------

std::vector<event_loop*> all(event_loop& one) { return {&one}; }

std::vector<event_loop*> all(event_loops& several) {
    std::vector<event_loop*> each;
    for (std::size_t i = 0; i < several.size(); ++i)
        each.push_back(&several[i]);
    return each;
}

template <class Loops>
bool has_ended(const std::weak_ptr<Loops>& loops) {
    const auto alive = loops.lock();
    return !alive || std::ranges::all_of(all(*alive), [](auto* each) { return each->io_context().stopped(); });
}

template <class Loops>
awaitable<void> run_loops(std::weak_ptr<Loops> loops) {
    if (const auto alive = loops.lock())
        alive->start();
    co_await until([loops] { return has_ended(loops); });
}

template <class Loops>
awaitable<void> stop_loops(Loops* loops) {
    loops->stop();
    co_return;
}

void go_round(const executor& ex, const std::shared_ptr<std::atomic<std::size_t>>& rounds) {
    ++*rounds;
    asio::post(ex, [ex, rounds] { go_round(ex, rounds); });
}

template <class Loops>
awaitable<void> go_round_on_each(Loops* loops) {
    for (auto* each : all(*loops)) {
        const auto rounds = std::make_shared<std::atomic<std::size_t>>(0);
        asio::co_spawn(each->get_executor(), for_ever(), [](std::exception_ptr) {});
        asio::post(each->get_executor(), [each, rounds] { go_round(each->get_executor(), rounds); });
        co_await until([rounds] { return *rounds > 1; });
    }
}

template <class Loops>
background_subject subject_of(std::shared_ptr<Loops> loops) {
    auto* const l = loops.get();
    return {.object = loops,
            .run = [weak = std::weak_ptr(loops)] { return run_loops(weak); },
            .stop = [l](deadline) { return stop_loops(l); },
            .make_busy = [l] { return go_round_on_each(l); }};
}

background_subject make_loop(executor) { return subject_of(std::make_shared<event_loop>()); }
background_subject make_loops(executor) { return subject_of(std::make_shared<event_loops>(2)); }

// --- logging::pipeline, busy with a sink that takes nothing --------------------------------------------------------------

class stuck_sink final : public logging::sink {
public:
    outcome write(std::string_view lines) noexcept override {
        entered = stuck.load();
        stuck.wait(true);
        return {.taken = lines.size()};
    }
    void let_go() {
        stuck = false;
        stuck.notify_all();
    }

    std::atomic<bool> stuck{false}, entered{false};
};

struct log_under_test {
    std::shared_ptr<stuck_sink> sink = std::make_shared<stuck_sink>();
    logging::pipeline out{{.outputs = {{.to = sink, .as = logging::format::json}}}};
    logging::logger log{{.module = "test", .to = &out}};
    bool closed = false;

    // Its end waits for a sink for some seconds.
    ~log_under_test() { sink->let_go(); }
};

bool log_a_line(const std::weak_ptr<log_under_test>& to) {
    const auto alive = to.lock();
    if (!alive || alive->closed)
        return false;
    alive->log.info("running");
    return true;
}

awaitable<void> log_until_closed(std::weak_ptr<log_under_test> to) {
    co_await until([to] { return !log_a_line(to); });
}

awaitable<void> close_log(log_under_test* l, deadline limit) {
    l->closed = true;
    if (!l->out.close(limit))
        throw error(errc::timed_out, "the sink has not taken every line");
    co_return;
}

awaitable<void> stick(log_under_test* l) {
    l->sink->stuck = true;
    l->log.info("stuck");
    co_await until([l] { return l->sink->entered.load(); });
}

background_subject make_pipeline(executor) {
    const auto log = std::make_shared<log_under_test>();
    auto* const l = log.get();
    return {.object = log,
            .run = [weak = std::weak_ptr(log)] { return log_until_closed(weak); },
            .stop = [l](deadline limit) { return close_log(l, limit); },
            .make_busy = [l] { return stick(l); }};
}

// --- health::registry, busy with a check that never answers, whoever asks. Its stop is its end --------------------------

struct health_under_test {
    std::optional<health::registry> checks;
    std::shared_ptr<bool> check_entered = std::make_shared<bool>(false);
};

// Does not keep the registry alive while the run is under way.
std::optional<awaitable<health::health_report>> begin_to_ask(const std::weak_ptr<health_under_test>& of) {
    const auto alive = of.lock();
    return alive && alive->checks ? std::optional(alive->checks->run()) : std::nullopt;
}

awaitable<void> ask_until_gone(std::weak_ptr<health_under_test> of) {
    try {
        while (auto asking = begin_to_ask(of)) {
            co_await std::move(*asking);
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        }
    } catch (const error& e) {
        if (e.code() != errc::closed)
            throw;
    }
}

awaitable<void> end_registry(health_under_test* h) {
    h->checks.reset();
    co_return;
}

awaitable<void> never_answer(health_under_test* h) {
    const auto never = [entered = h->check_entered]() -> awaitable<health::check_result> {
        *entered = true;
        co_await for_ever();
        co_return health::check_result{};
    };
    h->checks->add("never", never, {.timeout = std::chrono::hours(1)});
    h->checks->add("never in the background", never,
                   {.timeout = std::chrono::hours(1), .every = std::chrono::hours(1)});
    co_await until([h] { return *h->check_entered; });
}

background_subject make_registry(executor ex) {
    const auto health = std::make_shared<health_under_test>();
    health->checks.emplace(health::registry_options{.deadline = std::chrono::hours(1), .executor = ex});
    auto* const h = health.get();
    return {.object = health,
            .run = [weak = std::weak_ptr(health)] { return ask_until_gone(weak); },
            .stop = [h](deadline) { return end_registry(h); },
            .make_busy = [h] { return never_answer(h); }};
}

INSTANTIATE_TEST_SUITE_P(Every, BackgroundConformance,
                         ::testing::Values(background_case{.name = "QueueWorker", .make = make_worker},
                                           background_case{.name = "BlockingPool", .make = make_pool},
                                           background_case{.name = "EventLoop", .make = make_loop},
                                           background_case{.name = "EventLoops", .make = make_loops},
                                           background_case{.name = "LoggingPipeline", .make = make_pipeline},
                                           background_case{.name = "HealthRegistry", .make = make_registry}),
                         background_name);

} // namespace
} // namespace infra::testing
