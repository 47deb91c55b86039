#pragma once

// One life of a worker, from run() to its end.

#include "jump_guard.hpp"
#include "lease_keeper.hpp"
#include "perform.hpp"
#include "signal.hpp"

#include <infra/queue/worker.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <set>
#include <unordered_map>

namespace infra::queue {

/// Threads:  its executor only. Lifetime: whoever spawned live() keeps it until that has ended.
class worker_run : public std::enable_shared_from_this<worker_run> {
public:
    worker_run(executor ex, queue jobs, worker_options options, std::shared_ptr<blocking_pool> pool);

    /// Claims and runs until stop(), then drains. Not to be cancelled: stop() is the way.
    awaitable<void> live();

    /// The earliest asked for holds.
    void stop(deadline limit);

private:
    struct running {
        claimed_job job;
        std::shared_ptr<job_context> context;
        asio::cancellation_signal cancel{};
        bool interrupted = false; // by stop()
        bool lost = false;        // somebody else has the lease
        bool cancelled = false;   // somebody wants the job to end
        bool abandoned = false;   // given back although the handler has not ended
    };

    // live(), in the order it happens
    awaitable<void> work();
    awaitable<void> claim(std::size_t places);
    claim_request request_for(std::size_t places);
    deadline end_of_claim() const;
    void cut_claim_short();
    void report(const claim_result& taken) const;
    void take(claimed_job job);
    void start(claimed_job job, std::shared_ptr<const known_job> known);
    awaitable<void> run_handler(std::shared_ptr<running> r, std::shared_ptr<const known_job> known);
    void ended(running& r, attempt how);
    awaitable<void> prune_if_due();

    // schedules, in worker_schedules.cpp
    awaitable<void> keep_schedules_if_due();
    awaitable<void> keep_schedules();
    using not_performed = std::map<std::string, attempt::end>; // by token
    awaitable<not_performed> advance_runs(const std::vector<claimed_job>& taken);
    awaitable<not_performed> decide_runs(std::vector<claimed_job> runs);
    awaitable<void> pause_after(const char* doing, std::exception_ptr thrown);

    // what ended goes to the backend in batches
    void record(const claimed_job& job, attempt how);
    void report(const claimed_job& job, const outcome& decided) const;
    void report_unknown(const claimed_job& job);
    awaitable<void> record_all();
    void recorded(const outcome& o, bool held);

    // stopping
    awaitable<void> drain();
    void interrupt_all();
    void abandon_all();
    awaitable<void> wait_until(deadline limit); // or a change
    awaitable<void> wait_for(signal& set, deadline limit);

    void lost(const lease& gone);
    void cancel_requested(const lease& of);
    std::function<void(const lease&)> on_loop(void (worker_run::*told)(const lease&));
    std::chrono::milliseconds note_trouble(const char* doing, std::exception_ptr thrown);
    void note_success();
    std::size_t room() const;
    std::vector<std::string> queues() const;
    bool passed(deadline limit) const { return limit.passed(time_.steady()); }

    const executor ex_;
    const queue jobs_;
    const worker_options options_;
    const std::shared_ptr<backend> stored_;
    const std::shared_ptr<blocking_pool> pool_;
    clock& time_;
    const std::string identity_;
    lease_keeper keeper_;
    jump_guard jumps_;
    signal changed_;
    asio::cancellation_signal cut_short_;                              // of the claim that waits
    std::optional<wall_time> next_due_;                                // that the last claim named
    std::optional<deadline> limit_;                                    // set: stopping
    std::unordered_map<std::string, std::shared_ptr<running>> active_; // by token
    std::vector<outcome> unrecorded_;
    std::set<std::string> unknown_names_; // that were reported
    bool recording_ = false;
    bool recording_fails_ = false;
    bool give_up_recording_ = false;
    std::exception_ptr hopeless_; // why recording will never work again
    signal hurry_;                // cuts the recorder's pause short
    int failures_ = 0;            // of the storage, in a row
    steady_time next_prune_;
    steady_time next_look_at_schedules_;
    std::uint64_t definitions_ = 0; // the registry's revision at the last look
};

} // namespace infra::queue
