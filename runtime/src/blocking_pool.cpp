#include <infra/runtime/blocking_pool.hpp>

#include "runtime_metrics.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace infra {
namespace {

std::size_t checked_threads(const blocking_pool_options& options) {
    if (options.threads > 1024)
        throw std::invalid_argument("blocking_pool_options::threads must be at most 1024");
    if (options.max_queued == 0)
        throw std::invalid_argument("blocking_pool_options::max_queued must be at least 1");
    return options.threads ? options.threads : std::max<std::size_t>(4, std::thread::hardware_concurrency());
}

std::exception_ptr closed() {
    return std::make_exception_ptr(error(errc::closed, "the blocking pool is stopped and takes no more calls"));
}

} // namespace

struct blocking_pool::state {
    explicit state(const blocking_pool_options& options)
        : size(checked_threads(options)),
          max_queued(options.max_queued),
          listed(options.name, [this] { return load(); }) {}

    const std::size_t size;
    const std::size_t max_queued;

    mutable std::mutex mutex;
    std::condition_variable work_arrived;
    std::deque<std::shared_ptr<call>> queue; // guarded by mutex
    std::vector<std::thread> threads;        // guarded by mutex until stopped
    std::size_t idle = 0;                    // guarded by mutex
    std::size_t running = 0;                 // guarded by mutex; functions
    std::vector<promise<void>> resting;      // guarded by mutex; those who wait for none to run
    bool stopped = false;                    // guarded by mutex
    detail::listed_pool listed;              // goes first: a report asks for all of these

    detail::pool_load load() const {
        const std::scoped_lock lock(mutex);
        return {.threads = size, .busy = running, .queued = queue.size()};
    }

    // The life of a thread.
    void work() {
        std::unique_lock lock(mutex);
        while (true) {
            ++idle;
            work_arrived.wait(lock, [this] { return stopped || !queue.empty(); });
            --idle;
            if (stopped)
                return;
            auto next = std::move(queue.front());
            queue.pop_front();
            ++running;
            lock.unlock();
            perform(*next);
            next.reset(); // not under the lock: what the function captured may ask the pool something as it goes
            lock.lock();
            --running;
            tell_who_rests();
        }
    }

    bool at_rest() const { return running == 0 && queue.empty(); }

    void tell_who_rests() {
        if (!at_rest())
            return;
        for (const auto& each : resting)
            each.set_value();
        resting.clear();
    }

    void accept(std::shared_ptr<call> work) {
        const std::scoped_lock lock(mutex);
        if (stopped)
            std::rethrow_exception(closed());
        if (queue.size() >= max_queued)
            throw error(errc::overloaded, "the blocking pool has " + std::to_string(max_queued) +
                                              " calls waiting (blocking_pool_options::max_queued); try later");
        if (idle <= queue.size() && threads.size() < size)
            add_thread();
        queue.push_back(std::move(work));
        work_arrived.notify_one();
    }

    // The threads that are there do what one that cannot be started would have done; if there is none, nobody would.
    void add_thread() {
        try {
            threads.emplace_back([this] { work(); });
        } catch (const std::system_error& e) {
            if (threads.empty())
                throw error(errc::overloaded, "the blocking pool cannot start a thread (" + std::string(e.what()) +
                                                  "); raise the limit of threads or try later");
        }
    }

    void perform(call& work) const noexcept {
        const context_scope in(work.under);
        if (work.abandoned)
            return listed.cancelled();
        listed.ran(std::chrono::steady_clock::now() - work.submitted);
        work.perform();
    }
};

blocking_pool::blocking_pool(blocking_pool_options options) : state_(std::make_unique<state>(options)) {}

blocking_pool::~blocking_pool() { stop(); }

// Counted here, not where it is thrown: a listener is not called under the lock.
void blocking_pool::submit(std::shared_ptr<call> work) {
    try {
        state_->accept(std::move(work));
    } catch (const error& refusal) {
        if (refusal.code() == errc::overloaded)
            state_->listed.refused();
        throw;
    }
}

awaitable<void> blocking_pool::rest() {
    const promise<void> quiet(co_await asio::this_coro::executor);
    {
        const std::scoped_lock lock(state_->mutex);
        if (state_->at_rest())
            co_return;
        state_->resting.push_back(quiet);
    }
    co_await quiet.get();
}

void blocking_pool::stop() noexcept {
    std::deque<std::shared_ptr<call>> dropped;
    std::vector<std::thread> threads;
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopped = true;
        dropped.swap(state_->queue);
        threads.swap(state_->threads);
        state_->tell_who_rests();
    }
    state_->work_arrived.notify_all();
    for (auto& each : dropped)
        each->refuse(closed());
    for (auto& each : threads)
        each.join();
}

std::size_t blocking_pool::threads() const noexcept { return state_->size; }

std::size_t blocking_pool::queued() const noexcept {
    const std::scoped_lock lock(state_->mutex);
    return state_->queue.size();
}

} // namespace infra
