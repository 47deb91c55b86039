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
constexpr auto grace_of_cancelled = std::chrono::seconds(1);
constexpr auto last_recording = std::chrono::seconds(2);

// Who holds a job, for people: host, process, and lot, since processes of containers often have the same number.
std::string make_identity() {
    char host[64] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    return std::string(host) + ":" + std::to_string(getpid()) + ":" + random_hex(4);
}

bool is_fatal(const std::exception_ptr& thrown) {
    const auto code = code_of(thrown);
    return code == errc::corrupt || code == errc::incompatible || code == infra::errc::closed;
}

} // namespace

worker_run::worker_run(executor ex, queue jobs, worker_options options, std::shared_ptr<blocking_pool> pool)
    : ex_(ex),
      jobs_(std::move(jobs)),
      options_(std::move(options)),
      stored_(jobs_.stored()),
      pool_(std::move(pool)),
      time_(jobs_.time()),
      identity_(make_identity()),
      keeper_({.stored = stored_,
               .time = &time_,
               .length = options_.lease,
               .where = options_.renewals,
               .on_lost = on_loop(&worker_run::lost),
               .on_cancel_requested = on_loop(&worker_run::cancel_requested)}),
      jumps_(options_.lease),
      changed_(ex),
      hurry_(ex),
      next_prune_(time_.steady()),
      next_look_at_schedules_(time_.steady()) {}

std::function<void(const lease&)> worker_run::on_loop(void (worker_run::*told)(const lease&)) {
    return [this, told](const lease& of) {
        asio::post(ex_, [me = weak_from_this(), told, of] {
            if (const auto self = me.lock())
                ((*self).*told)(of);
        });
    };
}

awaitable<void> worker_run::live() {
    keeper_.start();
    std::exception_ptr failure;
    try {
        co_await work();
    } catch (...) {
        failure = std::current_exception();
        stop(deadline::after(options_.drain_timeout, time_.steady()));
    }
    co_await drain();
    co_await keeper_.stop();
    if (failure)
        std::rethrow_exception(failure);
}

void worker_run::stop(deadline limit) {
    limit_ = limit_ ? earlier(*limit_, limit) : limit;
    changed_.set();
    cut_claim_short();
}

// --- work ---------------------------------------------------------------------------------------------------------

awaitable<void> worker_run::work() {
    while (!limit_) {
        if (hopeless_)
            std::rethrow_exception(hopeless_);
        co_await prune_if_due();
        co_await keep_schedules_if_due();
        if (const auto places = room(); places > 0)
            co_await claim(places);
        else if (!limit_)
            co_await changed_.wait();
    }
}

// Nothing is claimed while outcomes cannot be recorded, which bounds how many there are.
std::size_t worker_run::room() const {
    return recording_fails_ || limit_ ? 0 : options_.concurrency - std::min(options_.concurrency, active_.size());
}

std::vector<std::string> worker_run::queues() const {
    return options_.queues.empty() ? jobs_.jobs()->queues() : options_.queues;
}

// Waits for work, for a moment that the last claim named, or until cut_claim_short(). Handlers that end meanwhile change
// nothing: the places they leave are for the next claim.
awaitable<void> worker_run::claim(std::size_t places) {
    std::exception_ptr thrown;
    try {
        auto taken =
            co_await asio::co_spawn(ex_, with_deadline(stored_->claim(request_for(places)), end_of_claim(), time_),
                                    asio::bind_cancellation_slot(cut_short_.slot(), asio::use_awaitable));
        note_success();
        next_due_ = taken.next_due;
        report(taken);
        const auto left_out = co_await advance_runs(taken.jobs);
        for (auto& job : taken.jobs)
            if (const auto found = left_out.find(job.held.token); found != left_out.end())
                record(job, {.how = found->second});
            else
                take(std::move(job));
        co_return;
    } catch (...) {
        thrown = std::current_exception();
    }
    if (const auto code = code_of(thrown); code == infra::errc::timed_out || code == asio::error::operation_aborted)
        co_return next_due_.reset();
    co_await pause_after("claim", thrown);
}

claim_request worker_run::request_for(std::size_t places) {
    const auto now = time_.wall();
    return {.queues = queues(),
            .max = places,
            .worker = identity_,
            .lease = options_.lease,
            .now = now,
            .expired_before = jumps_.expired_before(now, time_.steady()),
            .wait = true,
            .due = next_due_,
            .time = &time_};
}

deadline worker_run::end_of_claim() const {
    const auto now = time_.steady();
    auto end = std::min({saturating_add(now, longest_sleep), next_prune_, next_look_at_schedules_});
    if (next_due_)
        end = std::min(end, saturating_add(now, std::max<wall_time::duration>(saturating_sub(*next_due_, time_.wall()),
                                                                              shortest_sleep)));
    return end;
}

void worker_run::cut_claim_short() { cut_short_.emit(asio::cancellation_type::terminal); }

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

// What a claim brings runs, unless there is a reason against it.
void worker_run::take(claimed_job job) {
    auto known = jobs_.jobs()->runner_of(job.name);
    if (limit_)
        return record(job, {.how = attempt::end::interrupted});
    if (is_poison(job, options_.max_stalls))
        return record(
            job, {.how = attempt::end::threw_final,
                  .reason = "stalled " + std::to_string(job.stalls) + " times, more than worker_options::max_stalls"});
    if (!known)
        return record(job, {.how = attempt::end::unknown_job});
    start(std::move(job), std::move(known));
}

void worker_run::start(claimed_job job, std::shared_ptr<const known_job> known) {
    const auto r = std::make_shared<running>();
    r->context = context_for(job, stored_, time_);
    r->job = std::move(job);
    keeper_.keep(r->job.held);
    active_.emplace(r->job.held.token, r);
    asio::co_spawn(ex_, run_handler(r, std::move(known)),
                   asio::bind_cancellation_slot(r->cancel.slot(), [self = shared_from_this(), r](std::exception_ptr e) {
                       if (e) // what perform() lets through: no memory, or cancelled before it began
                           self->ended(*r, {.how = attempt::end::threw, .reason = readable(describe(e))});
                   }));
}

awaitable<void> worker_run::run_handler(std::shared_ptr<running> r, std::shared_ptr<const known_job> known) {
    auto how = co_await perform(
        {.job = r->job, .known = std::move(known), .context = r->context, .pool = pool_, .time = &time_});
    ended(*r, std::move(how));
}

void worker_run::ended(running& r, attempt how) {
    if (r.abandoned)
        return;
    if (r.interrupted && how.how != attempt::end::returned)
        how = {.how = attempt::end::interrupted};
    if (r.cancelled && how.how != attempt::end::returned)
        how = {.how = attempt::end::cancelled};
    active_.erase(r.job.held.token);
    changed_.set();
    if (!r.lost)
        record(r.job, std::move(how));
}

void worker_run::lost(const lease& gone) {
    const auto found = active_.find(gone.token);
    if (found == active_.end())
        return;
    const auto r = found->second;
    telemetry::log(level::warn, "queue", "lease lost: the job was given to another worker; this run is cancelled",
                   {{"job", gone.job.id}, {"name", r->job.name}, {"queue", gone.job.queue}, {"fence", gone.fence}});
    r->lost = true;
    r->context->request_stop();
    r->cancel.emit(asio::cancellation_type::terminal);
}

void worker_run::cancel_requested(const lease& of) {
    const auto found = active_.find(of.token);
    if (found == active_.end() || std::exchange(found->second->cancelled, true))
        return;
    const auto r = found->second;
    telemetry::log(level::info, "queue", "job cancelled while it runs",
                   {{"job", of.job.id}, {"name", r->job.name}, {"queue", of.job.queue}});
    r->context->request_cancel();
    r->cancel.emit(asio::cancellation_type::terminal);
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

// --- recording ----------------------------------------------------------------------------------------------------

void worker_run::record(const claimed_job& job, attempt how) {
    if (how.result.size() > jobs_.options().max_payload_bytes) {
        telemetry::log(level::warn, "queue", "a job's result is too large and was not kept",
                       {{"job", job.held.job.id}, {"name", job.name}, {"bytes", how.result.size()}});
        how.result.clear();
    }
    const auto how_it_ended = how.how;
    auto decided = after(job, std::move(how), time_.wall(), random_01());
    if (how_it_ended == attempt::end::unknown_job)
        report_unknown(job);
    else if (how_it_ended != attempt::end::skipped && how_it_ended != attempt::end::snoozed)
        report(job, decided);
    keeper_.keep(job.held); // until it is recorded
    unrecorded_.push_back(std::move(decided));
    if (!std::exchange(recording_, true))
        asio::co_spawn(ex_, record_all(), [self = shared_from_this()](std::exception_ptr) {});
}

// Once for a name: a thousand such jobs come back every ten seconds.
void worker_run::report_unknown(const claimed_job& job) {
    constexpr std::size_t most = 100;
    if (unknown_names_.size() < most && unknown_names_.insert(job.name).second)
        telemetry::log(level::warn, "queue", "no handler here for jobs of this name; left to other workers",
                       {{"job", job.held.job.id}, {"name", job.name}, {"queue", job.held.job.queue}});
}

void worker_run::report(const claimed_job& job, const outcome& decided) const {
    const auto& key = decided.held.job;
    const auto attempt = job.attempts_made + 1;
    switch (decided.as) {
    case outcome::kind::completed:
        return telemetry::log(level::debug, "queue", "job completed",
                              {{"job", key.id}, {"name", job.name}, {"queue", key.queue}, {"attempt", attempt}});
    case outcome::kind::retry:
        return telemetry::log(level::warn, "queue", "job failed and will be retried",
                              {{"job", key.id},
                               {"name", job.name},
                               {"queue", key.queue},
                               {"attempt", attempt},
                               {"attempts", job.options.attempts},
                               {"delay", decided.run_at ? *decided.run_at - decided.at : wall_time::duration::zero()},
                               {"error", decided.reason}});
    case outcome::kind::failed:
        return telemetry::log(level::error, "queue", "job failed",
                              {{"job", key.id},
                               {"name", job.name},
                               {"queue", key.queue},
                               {"attempt", attempt},
                               {"attempts", job.options.attempts},
                               {"error", decided.reason}});
    case outcome::kind::returned:
        return telemetry::log(level::info, "queue", "job returned: the worker stops",
                              {{"job", key.id}, {"name", job.name}, {"queue", key.queue}, {"attempt", attempt}});
    }
}

// Takes what has gathered, records it, and looks again. Outcomes that cannot be recorded are kept and tried again.
awaitable<void> worker_run::record_all() {
    struct ending {
        worker_run& of;
        ~ending() { // with the last look at unrecorded_, so that nothing is added in between and left lying
            of.recording_ = false;
            of.changed_.set();
        }
    };
    const ending when_leaving{*this};
    while (!unrecorded_.empty() && !give_up_recording_) {
        auto batch = std::exchange(unrecorded_, {});
        std::exception_ptr thrown;
        std::vector<bool> held;
        try {
            held = co_await stored_->finish(batch);
        } catch (...) {
            thrown = std::current_exception();
        }
        if (!thrown) {
            for (std::size_t i = 0; i < batch.size(); ++i)
                recorded(batch[i], held[i]);
            note_success();
            recording_fails_ = false;
            continue;
        }
        unrecorded_.insert(unrecorded_.begin(), std::make_move_iterator(batch.begin()),
                           std::make_move_iterator(batch.end()));
        recording_fails_ = true;
        if (is_fatal(thrown)) {
            hopeless_ = thrown;
            changed_.set();
        }
        cut_claim_short();
        const auto pause = note_trouble("record what became of jobs", thrown);
        co_await wait_for(hurry_, saturating_add(time_.steady(), pause));
    }
}

void worker_run::recorded(const outcome& o, bool held) {
    keeper_.drop(o.held);
    const auto& key = o.held.job;
    if (!held)
        return telemetry::log(level::warn, "queue",
                              "lease lost: what became of the job was not recorded, another worker has it",
                              {{"job", key.id}, {"queue", key.queue}, {"fence", o.held.fence}});
    const auto& counted = instruments_of(key.queue);
    if (o.as == outcome::kind::completed)
        counted.completed.add();
    else if (o.as == outcome::kind::failed)
        counted.failed.add();
    else if (o.as == outcome::kind::retry)
        counted.retried.add();
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

// --- stopping -----------------------------------------------------------------------------------------------------

awaitable<void> worker_run::drain() {
    while (!active_.empty() && !passed(*limit_))
        co_await wait_until(*limit_);
    interrupt_all();
    const deadline grace = saturating_add(time_.steady(), grace_of_cancelled);
    while (!active_.empty() && !passed(grace))
        co_await wait_until(grace);
    abandon_all();
    const deadline last = saturating_add(time_.steady(), last_recording);
    while (recording_ && !passed(last))
        co_await wait_until(last);
    give_up_recording_ = true;
    hurry_.set();
    while (recording_)
        co_await changed_.wait();
    if (!unrecorded_.empty())
        telemetry::log(level::error, "queue", "stopped without recording what became of jobs; they will run again",
                       {{"jobs", unrecorded_.size()}});
}

void worker_run::interrupt_all() {
    const auto all = active_; // a handler that ends at once takes itself out
    for (const auto& [token, r] : all) {
        r->interrupted = true;
        r->context->request_stop();
        r->cancel.emit(asio::cancellation_type::terminal);
    }
}

void worker_run::abandon_all() {
    for (const auto& [token, r] : std::exchange(active_, {})) {
        telemetry::log(level::warn, "queue", "a cancelled handler does not end; its job is returned while it runs on",
                       {{"job", r->job.held.job.id}, {"name", r->job.name}, {"queue", r->job.held.job.queue}});
        r->abandoned = true;
        if (!r->lost)
            record(r->job, {.how = attempt::end::interrupted});
    }
}

// Until the signal is set or the time has come; the caller looks which.
awaitable<void> worker_run::wait_for(signal& set, deadline limit) {
    try {
        co_await with_deadline(set.wait(), limit, time_);
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
}

awaitable<void> worker_run::wait_until(deadline limit) { return wait_for(changed_, limit); }

} // namespace infra::queue
