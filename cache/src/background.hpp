#pragma once

// What runs on when its caller has gone: refreshes. Counted, bounded, and ended by stop().

#include <infra/base/clock.hpp>
#include <infra/runtime/loop_gate.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace infra::cache {

/// Threads:  any member from any thread.
/// Lifetime: a job may outlive this, and ends with its executor's loop if not before.
class background {
public:
    explicit background(std::size_t max) : state_(std::make_shared<state>(max)) {}

    /// Runs `job`, which throws nothing, on `ex`. False, and `job` is dropped, when too many run or it was stopped.
    bool spawn(const executor& ex, awaitable<void> job);

    /// A loop that others give jobs to, who may outlive it.
    struct home {
        explicit home(executor on) : ex(std::move(on)), gate(loop_gate::of(ex)) {}
        const executor ex;
        const std::shared_ptr<loop_gate> gate;
    };
    /// The same from any thread. It has begun, to stop() too, though its loop comes to it later; it is dropped with that.
    bool spawn_at(const home& there, awaitable<void> job);

    /// Begins nothing more, and cancels what runs.
    void cancel();

    /// Begins nothing more, waits for what runs until `limit`, then cancels it and waits a second for it to heed that. What
    /// does not is left to its loop.
    awaitable<void> stop(deadline limit, clock& time);

    std::size_t running() const;

private:
    struct running_job {
        explicit running_job(home there) : on(std::move(there)) {}
        const home on;
        asio::cancellation_signal cancel; // on its loop only
        bool cancelled = false;           // likewise: before it began
    };
    struct state {
        explicit state(std::size_t m) : max(m) {}
        const std::size_t max;
        std::mutex mutex;
        // All guarded by mutex.
        std::list<std::shared_ptr<running_job>> jobs;
        std::vector<promise<void>> waiting;
        bool stopped = false;
    };
    /// Takes the job off the list when the coroutine's frame goes, however it goes.
    struct entry {
        std::shared_ptr<state> of;
        std::list<std::shared_ptr<running_job>>::iterator place;
        ~entry();
    };
    std::shared_ptr<entry> list(const std::shared_ptr<running_job>& job);
    static void begin(const std::shared_ptr<running_job>& started, std::shared_ptr<entry> listed, awaitable<void> job);
    static awaitable<void> run(std::shared_ptr<entry> listed, awaitable<void> job);

    std::shared_ptr<state> state_;
};

} // namespace infra::cache
