#include "worker_run.hpp"

#include "instruments.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace infra::queue {
namespace {

constexpr auto longest_sleep = std::chrono::seconds(5);       // so that a wall clock that jumps is noticed
constexpr auto shortest_sleep = std::chrono::milliseconds(1); // what is due but was not given must not keep us busy
constexpr auto prune_interval = std::chrono::minutes(1);
constexpr auto backlog_interval = std::chrono::seconds(15);

// Who holds a job, for people: host, process, and lot, since processes of containers often have the same number.
std::string make_identity() {
    char host[64] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    return std::string(host) + ":" + std::to_string(getpid()) + ":" + random_hex(4);
}

} // namespace

bool is_fatal(const std::exception_ptr& thrown) {
    const auto code = code_of(thrown);
    return code == errc::corrupt || code == errc::incompatible || code == infra::errc::closed;
}

worker_run::worker_run(executor ex, queue jobs, worker_options options, std::shared_ptr<blocking_pool> pool)
    : ex_(ex),
      jobs_(std::move(jobs)),
      options_(std::move(options)),
      stored_(jobs_.stored()),
      pool_(std::move(pool)),
      time_(jobs_.time()),
      lease_(options_.lease.value_or(stored_->usual_lease())),
      identity_(make_identity()),
      keeper_({.stored = stored_,
               .time = &time_,
               .length = lease_,
               .where = options_.renewals,
               .on_lost = on_loop(&worker_run::lost),
               .on_cancel_requested = on_loop(&worker_run::cancel_requested)}),
      jumps_(lease_),
      changed_(ex),
      hurry_(ex),
      next_prune_(time_.steady()),
      next_look_at_schedules_(time_.steady()),
      next_look_at_backlog_(time_.steady()) {
    active_.reserve(options_.concurrency);
    left_.reserve(options_.concurrency);
}

std::function<void(const kept_lease&)> worker_run::on_loop(void (worker_run::*told)(const kept_lease&)) {
    return [this, told](const kept_lease& of) {
        asio::post(ex_, [me = weak_from_this(), told, of] {
            if (const auto self = me.lock())
                ((*self).*told)(of);
        });
    };
}

awaitable<void> worker_run::live() {
    keeper_.start();
    bell_.emplace(*stored_, [this] { keeper_.look_now(); });
    std::exception_ptr failure;
    try {
        co_await work();
    } catch (...) {
        failure = std::current_exception();
        stop(deadline::after(options_.drain_timeout, time_.steady()));
    }
    co_await drain();
    bell_.reset();
    co_await keeper_.stop();
    if (failure)
        std::rethrow_exception(failure);
}

// --- work ---------------------------------------------------------------------------------------------------------

awaitable<void> worker_run::work() {
    while (!limit_) {
        if (hopeless_)
            std::rethrow_exception(hopeless_);
        if (time_.steady() >= no_claim_before_)
            give_back_what_was_left();
        co_await prune_if_due();
        co_await keep_schedules_if_due();
        co_await report_backlog_if_due();
        if (const auto places = places_to_claim(); places > 0)
            start_claim(places);
        else if (!limit_)
            co_await wait_until(end_of_wait());
    }
}

// Nothing is claimed while outcomes cannot be recorded, which bounds how many there are.
std::size_t worker_run::room() const {
    const auto taken = active_.size() + left_.size() + asked_;
    return recording_fails_ || limit_ ? 0 : options_.concurrency - std::min(options_.concurrency, taken);
}

// One claim of a large worker waits in the storage while what the other brought runs: so the storage never waits for the
// handlers, nor they for it, and jobs that come meanwhile need not be put in line.
std::size_t worker_run::places_to_claim() const {
    const auto most = places_of_a_claim(options_.concurrency);
    const std::size_t claims = most == options_.concurrency ? 1 : 2;
    return claiming_ < claims && time_.steady() >= no_claim_before_ ? std::min(room(), most) : 0;
}

void worker_run::start_claim(std::size_t places) {
    ++claiming_;
    asked_ += places;
    try {
        asio::co_spawn(ex_, claim(places), [self = shared_from_this(), places](std::exception_ptr thrown) {
            self->claim_ended(places, thrown);
        });
    } catch (...) {
        claim_ended(places, std::current_exception());
    }
}

void worker_run::claim_ended(std::size_t places, std::exception_ptr thrown) noexcept {
    --claiming_;
    asked_ -= places;
    if (thrown && is_fatal(thrown))
        hopeless_ = thrown;
    else if (thrown) // no memory even to say so
        no_claim_before_ = saturating_add(time_.steady(), longest_sleep);
    changed_.set();
}

std::vector<std::string> worker_run::queues() const {
    return options_.queues.empty() ? jobs_.jobs()->queues() : options_.queues;
}

// Waits for work, for a moment that the last claim named, or until cut_claims_short(). Handlers that end meanwhile change
// nothing: the places they leave are for the next claim. Throws what is final.
awaitable<void> worker_run::claim(std::size_t places) {
    std::exception_ptr thrown;
    std::vector<running_job> kept;
    try {
        auto taken = co_await ask_for(places);
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

awaitable<claim_result> worker_run::ask_for(std::size_t places) {
    struct place_among {
        std::vector<place>& all;
        const place here = all.emplace_back(std::make_shared<asio::cancellation_signal>());
        ~place_among() { std::erase(all, here); }
    };
    const place_among waiting{cut_short_};
    co_return co_await asio::co_spawn(ex_, with_deadline(stored_->claim(request_for(places)), end_of_claim(), time_),
                                      asio::bind_cancellation_slot(waiting.here->slot(), asio::use_awaitable));
}

// Their leases are renewed until what became of them is recorded. Without memory for that, they end by themselves.
std::vector<worker_run::running_job> worker_run::keep(std::vector<claimed_job> jobs) {
    std::vector<running_job> all;
    std::vector<kept_lease> leases;
    all.reserve(jobs.size());
    leases.reserve(jobs.size());
    for (auto& job : jobs) {
        auto known = jobs_.jobs()->runner_of(job.name);
        const auto& r = all.emplace_back(std::make_shared<running>(std::move(job), std::move(known), stored_, time_));
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

claim_request worker_run::request_for(std::size_t places) {
    const auto now = time_.wall();
    return {.queues = queues(),
            .max = places,
            .worker = identity_,
            .name = options_.name,
            .lease = lease_,
            .max_stalls = options_.max_stalls,
            .now = now,
            .expired_before = jumps_.expired_before(now, time_.steady()),
            .wait = true,
            .due = next_due_,
            .time = &time_};
}

// Whatever it waits for, it prunes and keeps schedules meanwhile.
deadline worker_run::end_of_wait() const {
    const auto now = time_.steady();
    const auto end = std::min({saturating_add(now, longest_sleep), next_prune_, next_look_at_schedules_});
    return now < no_claim_before_ ? std::min(end, no_claim_before_) : end;
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
}

// What a claim brings runs, unless there is a reason against it.
void worker_run::take(const running_job& r) {
    if (limit_)
        return record(r, {.how = attempt::end::interrupted});
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

awaitable<void> worker_run::prune_if_due() {
    if (time_.steady() < next_prune_)
        co_return;
    next_prune_ = saturating_add(time_.steady(), prune_interval);
    auto requests = to_prune(jobs_.jobs()->all(), time_.wall());
    if (requests.empty())
        co_return;
    std::exception_ptr thrown;
    try {
        co_await stored_->prune(std::move(requests));
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown)
        co_await pause_after("prune", thrown);
}

// For the metrics. It wakes up for something else in time.
awaitable<void> worker_run::report_backlog_if_due() {
    if (time_.steady() < next_look_at_backlog_)
        co_return;
    next_look_at_backlog_ = saturating_add(time_.steady(), backlog_interval);
    std::exception_ptr thrown;
    try {
        if (auto named = queues(); !named.empty())
            co_await jobs_.backlogs(std::move(named));
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown) // claims go on, and say what is wrong with the storage
        telemetry::log(level::debug, "queue", "the worker could not look at what waits", {{"error", describe(thrown)}});
}

// --- trouble with the storage -------------------------------------------------------------------------------------

/// Says so once, until it works again; how long to wait before the next try.
std::chrono::milliseconds worker_run::note_trouble(const char* doing, std::exception_ptr thrown) {
    if (failures_++ == 0)
        telemetry::log(level::error, "queue", "the worker goes on trying: its storage refused",
                       {{"to", doing}, {"error", describe(thrown)}});
    return pause_after_trouble(failures_, random_01());
}

void worker_run::note_success() {
    if (std::exchange(failures_, 0) > 0)
        telemetry::log(level::info, "queue", "the storage works again", {});
}

awaitable<void> worker_run::pause_after(const char* doing, std::exception_ptr thrown) {
    if (is_fatal(thrown))
        std::rethrow_exception(thrown);
    const deadline end = saturating_add(time_.steady(), note_trouble(doing, thrown));
    while (!limit_ && !passed(end))
        co_await wait_until(end);
}

} // namespace infra::queue
