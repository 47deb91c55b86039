#include <infra/runtime/event_loop.hpp>

#include "runtime_metrics.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <pthread.h>
#include <thread>

#include <mutex>
#include <stdexcept>
#include <utility>

namespace infra {
namespace {

constinit thread_local event_loop* running = nullptr;

// Not inlined, as everything that reads a thread_local a coroutine may ask for after it has moved.
[[gnu::noinline]] event_loop* exchange_running(event_loop* loop) noexcept { return std::exchange(running, loop); }

std::size_t one_a_core() { return std::max(1u, std::thread::hardware_concurrency()); }

} // namespace

struct event_loop::state {
    explicit state(std::string n) : name(std::move(n)), io(1), work(io.get_executor()) {
        name.resize(std::min<std::size_t>(name.size(), 15));
    }

    struct context : asio::io_context {
        using asio::execution_context::shutdown;
        using asio::io_context::io_context;
    };

    std::string name;
    context io; // one thread: Asio leaves out what only several need
    asio::executor_work_guard<asio::io_context::executor_type> work;
    std::atomic<std::thread::id> started{}; // what `thread` runs as, once it runs
    std::mutex joining;
    std::thread thread; // guarded by joining
};

event_loop::event_loop(std::string name) : state_(std::make_unique<state>(std::move(name))) {}

event_loop::~event_loop() { stop(); }

[[gnu::noinline]] event_loop* event_loop::current() noexcept { return running; }

executor event_loop::get_executor() const noexcept { return with_context(state_->io.get_executor()); }

asio::io_context& event_loop::io_context() noexcept { return state_->io; }

void event_loop::run() {
    struct restore {
        event_loop* previous;
        ~restore() { exchange_running(previous); }
    };
    const restore when_done{exchange_running(this)};
    const detail::listed_loop listed(state_->name, get_executor());
    state_->io.run();
}

void event_loop::start() {
    const std::scoped_lock lock(state_->joining);
    if (state_->thread.joinable())
        throw std::logic_error("event_loop::start was called twice");
    state_->thread = std::thread([this] {
        state_->started = std::this_thread::get_id();
        pthread_setname_np(pthread_self(), state_->name.c_str());
        run();
    });
}

void event_loop::stop() noexcept {
    state_->io.stop();
    if (state_->started.load() == std::this_thread::get_id())
        return;
    const std::scoped_lock lock(state_->joining);
    if (state_->thread.joinable())
        state_->thread.join();
}

// Destroys every coroutine and handler that waits on the stopped loop; the loop itself can still be referred to.
void event_loop::destroy_work() noexcept { state_->io.shutdown(); }

event_loops::event_loops(std::size_t count, std::string name) {
    if (count > 1024)
        throw std::invalid_argument("event_loops: count must be at most 1024");
    if (count == 0)
        count = one_a_core();
    for (std::size_t i = 0; i < count; ++i)
        loops_.push_back(std::make_unique<event_loop>(name + "-" + std::to_string(i)));
}

event_loops::~event_loops() {
    stop();
    for (auto& loop : loops_)
        loop->destroy_work();
}

void event_loops::start() {
    for (auto& loop : loops_)
        loop->start();
}

void event_loops::stop() noexcept {
    for (auto& loop : loops_)
        loop->stop();
}

event_loop& event_loops::next() noexcept {
    return *loops_[turn_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
}

} // namespace infra
