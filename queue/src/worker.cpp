#include <infra/queue/worker.hpp>

#include "worker_run.hpp"

#include <infra/runtime/promise.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <mutex>

namespace infra::queue {
namespace {

void require_of_worker(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("queue::worker_options::") + sentence);
}

worker_options checked_worker_options(worker_options options) {
    using namespace std::chrono_literals;
    require_of_worker(options.concurrency >= 1, "concurrency must be at least 1");
    require_of_worker(options.concurrency <= 10'000, "concurrency must be at most 10000");
    require_of_worker(options.ahead <= 1000, "ahead must be at most 1000");
    require_of_worker(options.drain_timeout >= 0ms, "drain_timeout must not be negative");
    require_of_worker(!options.lease || (*options.lease >= 10ms && *options.lease <= longest_lease),
                      "lease must be from 10 ms to 1 day");
    require_of_worker(options.max_stalls >= 0, "max_stalls must not be negative");
    if (!options.name.empty())
        check_name("worker_options::name", options.name);
    for (const auto& each : options.queues)
        check_name("worker_options::queues", each);
    return options;
}

/// How run() learns of live()'s end.
struct life_end {
    explicit life_end(const executor& ex) : over(ex) {}
    signal over;
    std::exception_ptr failure;
};

} // namespace

// Where stop(), from any thread, and run() meet.
struct worker::state {
    state(queue q, worker_options o)
        : jobs(std::move(q)),
          options(checked_worker_options(std::move(o))),
          pool(std::make_shared<blocking_pool>(blocking_pool_options{
              .threads = std::min<std::size_t>(options.concurrency, 1024), .name = "queue worker"})) {}

    const queue jobs;
    const worker_options options;
    const std::shared_ptr<blocking_pool> pool; // its threads start with the first plain function

    std::mutex mutex;
    enum { cold, running, over } phase = cold; // guarded by mutex
    std::optional<deadline> limit;             // guarded by mutex; set: asked to stop
    std::shared_ptr<worker_run> life;          // guarded by mutex; while running
    std::optional<executor> ex;                // guarded by mutex; while running
    std::vector<promise<void>> told_of_end;    // guarded by mutex

    /// Null if it was stopped before.
    std::shared_ptr<worker_run> begin(const executor& on) {
        const std::scoped_lock lock(mutex);
        if (phase != cold)
            throw error(infra::errc::invalid_state, "queue::worker::run was called twice; make another worker");
        phase = limit ? over : running;
        if (limit)
            return nullptr;
        ex = on;
        return life = std::make_shared<worker_run>(on, jobs, options, pool);
    }

    void end() {
        const std::scoped_lock lock(mutex);
        phase = over;
        life = nullptr;
        ex = std::nullopt;
        for (const auto& each : told_of_end)
            each.set_value();
        told_of_end.clear();
    }

    void stop(deadline when) {
        const std::scoped_lock lock(mutex);
        limit = limit ? earlier(*limit, when) : when;
        if (phase == running)
            asio::post(*ex, [l = life, when] { l->stop(when); });
    }

    /// False if there is nothing to wait for.
    bool tell_of_end(const promise<void>& p) {
        const std::scoped_lock lock(mutex);
        if (phase == running)
            told_of_end.push_back(p);
        return phase == running;
    }

    deadline after(std::chrono::milliseconds d) const { return deadline::after(d, jobs.time().steady()); }
};

// What the user's copies share. run() holds the state alone, so that letting go of all copies is noticed.
struct worker::handle {
    std::shared_ptr<state> of;
    ~handle() { of->stop(of->after(std::chrono::milliseconds::zero())); }

    static awaitable<void> run(std::shared_ptr<state> s);
    static awaitable<void> stop(std::shared_ptr<state> s, deadline limit);
};

worker::worker(queue jobs, worker_options options)
    : handle_(new handle{std::make_shared<state>(std::move(jobs), std::move(options))}) {}

awaitable<void> worker::run() { return handle::run(handle_->of); }

void worker::stop() noexcept { handle_->of->stop(handle_->of->after(handle_->of->options.drain_timeout)); }

awaitable<void> worker::stop(deadline limit) { return handle::stop(handle_->of, limit); }

awaitable<void> worker::stop(std::chrono::milliseconds limit) {
    return handle::stop(handle_->of, handle_->of->after(limit));
}

// The life runs as a coroutine of its own, which nobody cancels: cancelling run() must give jobs back, and that takes
// operations that are not cancelled.
awaitable<void> worker::handle::run(std::shared_ptr<state> s) {
    const auto ex = co_await asio::this_coro::executor;
    const auto life = s->begin(ex);
    if (!life)
        co_return;
    struct ending {
        std::shared_ptr<state> s;
        ~ending() { s->end(); }
    };
    const ending when_leaving{s};
    const auto end = std::make_shared<life_end>(ex);
    asio::co_spawn(ex, life->live(), [life, end](std::exception_ptr e) {
        end->failure = e;
        end->over.set();
    });
    std::exception_ptr cancelled;
    try {
        co_await end->over.wait();
    } catch (...) {
        cancelled = std::current_exception();
    }
    if (cancelled) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        life->stop(s->after(std::chrono::milliseconds::zero()));
        co_await end->over.wait();
    }
    if (end->failure)
        std::rethrow_exception(end->failure);
    if (cancelled)
        std::rethrow_exception(cancelled);
}

awaitable<void> worker::handle::stop(std::shared_ptr<state> s, deadline limit) {
    const promise<void> end(co_await asio::this_coro::executor);
    s->stop(limit);
    if (s->tell_of_end(end))
        co_await end.get();
}

} // namespace infra::queue
