// For how many jobs a worker asks, when, and what it does with those that come.

#include "claim_size.hpp"
#include "instruments.hpp"
#include "worker_run.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace infra::queue {
namespace {

constexpr auto pause_without_claims = std::chrono::seconds(5);
constexpr auto shortest_sleep = std::chrono::milliseconds(1); // what is due but was not given must not keep us busy

} // namespace

// Nothing while outcomes cannot be recorded, which bounds how many there are.
claim_size worker_run::size_of_next_claim() const {
    if (recording_fails_ || limit_ || time_.steady() < no_claim_before_)
        return {};
    return next_claim({.concurrency = options_.concurrency,
                       .ahead = jobs_ahead(most_ahead_, options_.concurrency, pace_.usual()),
                       .taken = active_.size() + in_hand_.size() + left_.size(),
                       .claims = claiming_,
                       .asked = asked_,
                       .asked_ahead = asked_ahead_,
                       .backlog = backlog_});
}

void worker_run::start_claim(claim_size size) {
    ++claiming_;
    asked_ += size.places;
    asked_ahead_ += size.ahead;
    try {
        asio::co_spawn(ex_, claim(size), [self = shared_from_this(), size](std::exception_ptr thrown) {
            self->claim_ended(size, thrown);
        });
    } catch (...) {
        claim_ended(size, std::current_exception());
    }
}

void worker_run::claim_ended(claim_size size, std::exception_ptr thrown) noexcept {
    --claiming_;
    asked_ -= size.places;
    asked_ahead_ -= size.ahead;
    if (thrown && is_fatal(thrown))
        hopeless_ = thrown;
    else if (thrown) // no memory even to say so
        no_claim_before_ = saturating_add(time_.steady(), pause_without_claims);
    changed_.set();
}

// Waits for work, for a moment that the last claim named, or until cut_claims_short(). Handlers that end meanwhile change
// nothing: the places they leave are for the next claim. Throws what is final.
awaitable<void> worker_run::claim(claim_size size) {
    std::exception_ptr thrown;
    std::vector<running_job> kept;
    try {
        auto taken = co_await ask_for(size);
        backlog_ = taken.jobs.size() >= size.all();
        kept = keep(std::move(taken.jobs));
        note_success();
        next_due_ = taken.next_due;
        report(taken);
        const auto left_out = co_await advance_runs(kept, std::move(taken.expired));
        take_all(std::exchange(kept, {}), left_out);
        co_return start_all();
    } catch (...) {
        thrown = std::current_exception();
    }
    for (const auto& r : kept)
        leave(r);
    if (const auto code = code_of(thrown); code == infra::errc::timed_out || code == asio::error::operation_aborted)
        co_return next_due_.reset();
    if (is_fatal(thrown))
        std::rethrow_exception(thrown);
    no_claim_before_ = saturating_add(time_.steady(), note_trouble("claim", thrown));
}

awaitable<claim_result> worker_run::ask_for(claim_size size) {
    struct place_among {
        std::vector<place>& all;
        const place here = all.emplace_back(std::make_shared<asio::cancellation_signal>());
        ~place_among() { std::erase(all, here); }
    };
    const place_among waiting{cut_short_};
    co_return co_await asio::co_spawn(ex_, with_deadline(stored_->claim(request_for(size)), end_of_claim(), time_),
                                      asio::bind_cancellation_slot(waiting.here->slot(), asio::use_awaitable));
}

// Their leases are renewed until what became of them is recorded. Without memory for that, they end by themselves.
std::vector<worker_run::running_job> worker_run::keep(std::vector<claimed_job> jobs) {
    std::vector<running_job> all;
    std::vector<kept_lease> leases;
    all.reserve(jobs.size());
    leases.reserve(jobs.size());
    const auto now = time_.steady();
    for (auto& job : jobs) {
        auto known = jobs_.jobs()->runner_of(job.name);
        const auto& r = all.emplace_back(std::make_shared<running>(std::move(job), std::move(known), stored_, time_));
        r->taken = now;
        leases.emplace_back(r, &r->job.held);
    }
    try {
        keeper_.keep(leases);
    } catch (...) {
        keeper_.drop(leases);
        throw;
    }
    return all;
}

// One for jobs that would have to wait here waits for none.
claim_request worker_run::request_for(claim_size size) {
    const auto now = time_.wall();
    return {.queues = queues(),
            .max = size.all(),
            .worker = identity_,
            .name = options_.name,
            .lease = lease_,
            .max_stalls = options_.max_stalls,
            .now = now,
            .expired_before = jumps_.expired_before(now, time_.steady()),
            .wait = size.places > 0,
            .due = next_due_,
            .time = &time_};
}

deadline worker_run::end_of_claim() const {
    const auto end = end_of_wait();
    if (!next_due_)
        return end;
    const auto left = std::max<wall_time::duration>(saturating_sub(*next_due_, time_.wall()), shortest_sleep);
    return earlier(end, saturating_add(time_.steady(), left));
}

void worker_run::cut_claims_short() {
    const auto all = cut_short_; // one that ends at once takes itself out
    for (const auto& each : all)
        each->emit(asio::cancellation_type::terminal);
}

void worker_run::report(const claim_result& taken) const {
    for (const auto& job : taken.rescued) {
        instruments_of(job.queue).stalled.add();
        telemetry::log(level::warn, "queue", "job stalled: its worker vanished; it will run again",
                       {{"job", job.id}, {"queue", job.queue}});
    }
    for (const auto& job : taken.expired) {
        instruments_of(job.queue).failed.add();
        telemetry::log(level::error, "queue", "job failed",
                       {{"job", job.id}, {"queue", job.queue}, {"error", expired_reason}});
    }
}

void worker_run::take_all(const std::vector<running_job>& all, const not_performed& left_out) {
    for (const auto& r : all)
        try {
            if (const auto found = left_out.find(r); found != left_out.end())
                record(r, {.how = found->second});
            else
                take(r);
        } catch (const std::exception&) {
            leave(r);
        }
    if (limit_)
        give_back_in_hand(0, attempt::end::interrupted);
}

// What a claim brings runs, unless there is a reason against it.
void worker_run::take(const running_job& r) {
    if (limit_)
        return in_hand_.push_back(r);
    if (!r->job.fail_with.empty())
        return record(r, {.how = attempt::end::threw_final, .reason = readable(r->job.fail_with)});
    if (is_poison(r->job, options_.max_stalls))
        return record(
            r, {.how = attempt::end::threw_final,
                .reason = "stalled " + std::to_string(r->job.stalls) + " times, more than worker_options::max_stalls"});
    if (!r->known)
        return record(r, {.how = attempt::end::unknown_job});
    in_hand_.push_back(r);
}

} // namespace infra::queue
