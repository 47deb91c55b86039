#pragma once

// One life of a worker, from run() to its end.

#include "cancel_bell.hpp"
#include "claim_size.hpp"
#include "jump_guard.hpp"
#include "lease_keeper.hpp"
#include "pace.hpp"
#include "perform.hpp"
#include "signal.hpp"

#include <infra/queue/worker.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <deque>
#include <map>
#include <set>

namespace infra::queue {

/// What storage trouble is final, and not waited for.
bool is_fatal(const std::exception_ptr& thrown);

/// Threads:  its executor only. Lifetime: whoever spawned live() keeps it until that has ended.
class worker_run : public std::enable_shared_from_this<worker_run> {
public:
    worker_run(executor ex, queue jobs, worker_options options, std::shared_ptr<blocking_pool> pool);

    /// Claims and runs until stop(), then drains. Not to be cancelled: stop() is the way.
    awaitable<void> live();

    /// The earliest asked for holds.
    void stop(deadline limit);

private:
    struct running : task {
        using task::task;
        std::shared_ptr<asio::cancellation_signal> cancel; // of the place that it runs on; null: heard already
        std::size_t index = 0;                             // in active_
        steady_time taken{};                               // from the storage
        steady_time began{};                               // once it has a place
        bool interrupted = false;                          // by stop()
        bool lost = false;                                 // somebody else has the lease
        bool cancelled = false;                            // somebody wants the job to end
        bool abandoned = false;                            // given back although the handler has not ended
    };
    using running_job = std::shared_ptr<running>;
    using place = std::shared_ptr<asio::cancellation_signal>; // of whoever waits there, to end it
    using not_performed = std::map<running_job, attempt::end>;

    // live(), in the order it happens
    awaitable<void> work();
    awaitable<void> prune_if_due();
    awaitable<void> report_backlog_if_due();
    deadline end_of_wait() const;

    // what is claimed: worker_claims.cpp
    claim_size size_of_next_claim() const;
    void start_claim(claim_size size);
    void claim_ended(claim_size size, std::exception_ptr thrown) noexcept;
    awaitable<void> claim(claim_size size);
    awaitable<claim_result> ask_for(claim_size size);
    claim_request request_for(claim_size size);
    deadline end_of_claim() const;
    void cut_claims_short();
    void report(const claim_result& taken) const;
    std::vector<running_job> keep(std::vector<claimed_job> jobs);
    void take(const running_job& r);
    void take_all(const std::vector<running_job>& all, const not_performed& left_out);

    // what is held until a place is free: worker_ahead.cpp
    running_job next_in_hand();
    running_job take_from_hand(const kept_lease& of);
    steady_time end_of_wait_ahead() const;
    awaitable<void> give_back_late();
    void give_back_beyond_places_for_suspects() noexcept;
    void give_back_in_hand(std::size_t but, attempt::end why) noexcept;
    bool lost_before_it_began(const kept_lease& gone);
    bool cancelled_before_it_began(const kept_lease& of);

    // places, on which what was taken runs: worker_places.cpp
    void start_all();
    void start_place(const running_job& r);
    void start(const running_job& r, const place& on);
    awaitable<void> run_jobs(running_job r, place on, std::shared_ptr<blocking_pool> pool);
    void ended(const running_job& r, attempt how);
    void leave(const running_job& r) noexcept;
    void leave_active(const running_job& r) noexcept;
    void wait_for_memory() noexcept;
    void leave_unrecorded() noexcept;
    void give_back_what_was_left() noexcept;
    void lost(const kept_lease& gone);
    void cancel_requested(const kept_lease& of);
    running_job find(const kept_lease& of) const;
    void end_early(const running_job& r);

    // schedules, in worker_schedules.cpp
    struct scheduled_run {
        job_key job;
        running_job taken{}; // null: it has expired
    };
    awaitable<void> keep_schedules_if_due();
    awaitable<void> keep_schedules();
    awaitable<not_performed> advance_runs(std::vector<running_job> taken, std::vector<job_key> expired);
    awaitable<not_performed> decide_runs(std::vector<scheduled_run> runs);
    awaitable<std::vector<schedule_info>> schedules_of(std::vector<scheduled_run> runs);

    struct ending {
        running_job of;
        outcome decided;
    };

    // what ended goes to the backend in batches: worker_recording.cpp
    void record(const running_job& r, attempt how);
    static void report(const running& of, const outcome& decided);
    void report_unknown(const claimed_job& job);
    void report_not_begun(const claimed_job& job);
    void report_held(const claimed_job& job);
    void record_soon() noexcept;
    void record_now() noexcept;
    bool has_unrecorded() const noexcept { return !unrecorded_.empty() || !in_recording_.empty(); }
    void start_recording() noexcept;
    awaitable<void> record_all();
    awaitable<void> record_some();
    awaitable<void> pause_recording(std::exception_ptr thrown);
    void recorded(const ending& e, bool held);

    // trouble with the storage
    awaitable<void> pause_after(const char* doing, std::exception_ptr thrown);
    std::chrono::milliseconds note_trouble(const char* doing, std::exception_ptr thrown);
    void note_success();

    // stopping: worker_stop.cpp
    awaitable<void> drain();
    awaitable<void> leave();
    void interrupt_all();
    void abandon_all();
    awaitable<void> finish_recording();
    awaitable<void> wait_until(deadline limit); // or a change

    std::function<void(const kept_lease&)> on_loop(void (worker_run::*told)(const kept_lease&));
    std::vector<std::string> queues() const;
    bool passed(deadline limit) const { return limit.passed(time_.steady()); }

    const executor ex_;
    const queue jobs_;
    const worker_options options_;
    const std::shared_ptr<backend> stored_;
    const std::shared_ptr<blocking_pool> pool_;
    clock& time_;
    const std::chrono::milliseconds lease_;
    const std::string identity_;
    lease_keeper keeper_;
    std::optional<cancel_bell::listener> bell_; // while the keeper renews
    const std::size_t most_ahead_;
    jump_guard jumps_;
    signal changed_;
    std::vector<place> cut_short_;      // of the claims that wait
    std::size_t claiming_ = 0;          // claims under way
    std::size_t asked_ = 0;             // jobs that they ask for, for places
    std::size_t asked_ahead_ = 0;       // and beyond those
    bool backlog_ = false;              // the last claim got all that it asked for
    pace pace_;                         // of the handlers
    std::size_t places_ = 0;            // on which something runs
    steady_time no_claim_before_{};     // after trouble, nor anything given back that was left
    std::optional<wall_time> next_due_; // that the last claim named
    std::optional<deadline> limit_;     // set: stopping
    std::vector<running_job> active_;
    std::deque<running_job> in_hand_; // taken; each begins once a place is free, in this order
    std::vector<running_job> left_;   // for want of memory, to be given back; has room for all
    std::vector<ending> unrecorded_;
    std::vector<ending> in_recording_;    // the backend is told of them
    std::set<std::string> unknown_names_; // that were reported
    bool gathering_ = false;              // what ends is recorded once all have begun
    bool recording_ = false;              // or about to
    bool recording_fails_ = false;
    bool give_up_recording_ = false;
    std::exception_ptr hopeless_; // why recording will never work again
    signal hurry_;                // cuts the recorder's pause short
    int failures_ = 0;            // of the storage, in a row
    steady_time next_prune_;
    steady_time next_look_at_schedules_;
    steady_time next_look_at_backlog_;
    std::uint64_t definitions_ = 0; // the registry's revision at the last look
};

} // namespace infra::queue
