#include "instruments.hpp"
#include "worker_run.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace infra::queue {
namespace {

void drop_if_too_large(const claimed_job& job, attempt& how, std::size_t most) {
    if (how.result.size() <= most)
        return;
    telemetry::log(level::warn, "queue", "a job's result is too large and was not kept",
                   {{"job", job.held.job.id}, {"name", job.name}, {"bytes", how.result.size()}});
    how.result.clear();
}

} // namespace

void worker_run::record(const running_job& r, attempt how) {
    const auto& job = r->job;
    drop_if_too_large(job, how, jobs_.options().max_payload_bytes);
    const auto how_it_ended = how.how;
    const auto lot = how_it_ended == attempt::end::threw ? random_01() : 0.0;
    auto decided = after(job, std::move(how), time_.wall(), lot);
    if (how_it_ended == attempt::end::unknown_job)
        report_unknown(job);
    else if (how_it_ended == attempt::end::not_begun)
        report_not_begun(job);
    else if (how_it_ended == attempt::end::held)
        report_held(job);
    else if (how_it_ended != attempt::end::skipped && how_it_ended != attempt::end::snoozed)
        report(*r, decided);
    unrecorded_.push_back({r, std::move(decided)});
    if (!gathering_)
        record_soon();
}

// With what else ends in this turn of the loop.
void worker_run::record_soon() noexcept {
    if (std::exchange(recording_, true))
        return;
    try {
        asio::post(ex_, [self = shared_from_this()] { self->start_recording(); });
    } catch (const std::exception&) {
        leave_unrecorded();
    }
}

void worker_run::record_now() noexcept {
    if (has_unrecorded() && !std::exchange(recording_, true))
        start_recording();
}

void worker_run::start_recording() noexcept {
    try {
        asio::co_spawn(ex_, record_all(), [self = shared_from_this()](std::exception_ptr thrown) {
            if (thrown)
                self->leave_unrecorded();
        });
    } catch (const std::exception&) {
        leave_unrecorded();
    }
}

void worker_run::report_not_begun(const claimed_job& job) {
    telemetry::log(level::warn, "queue", "there was no memory to begin a job; it is given back",
                   {{"job", job.held.job.id}, {"name", job.name}, {"queue", job.held.job.queue}});
}

void worker_run::report_held(const claimed_job& job) {
    telemetry::log(level::debug, "queue", "job returned: no handler ended in time for it to begin",
                   {{"job", job.held.job.id}, {"name", job.name}, {"queue", job.held.job.queue}});
}

// Once for a name: a thousand such jobs come back every ten seconds.
void worker_run::report_unknown(const claimed_job& job) {
    constexpr std::size_t most = 100;
    if (unknown_names_.size() < most && unknown_names_.insert(job.name).second)
        telemetry::log(level::warn, "queue", "no handler here for jobs of this name; left to other workers",
                       {{"job", job.held.job.id}, {"name", job.name}, {"queue", job.held.job.queue}});
}

void worker_run::report(const running& of, const outcome& decided) {
    if (decided.as == outcome::kind::completed && !telemetry::log_enabled(level::debug, "queue"))
        return; // most do
    const context_scope in(context_of(of));
    const auto& job = of.job;
    const auto& key = decided.held.job;
    const auto attempt = job.attempts_made + 1;
    switch (decided.as) {
    case outcome::kind::dropped: return;
    case outcome::kind::waits:
        return telemetry::log(level::debug, "queue", "job waits for its children",
                              {{"job", key.id}, {"name", job.name}, {"queue", key.queue}, {"attempt", attempt}});
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

// Takes what has gathered, records it, and looks again.
awaitable<void> worker_run::record_all() {
    struct leaving {
        worker_run& of;
        ~leaving() { // with the last look at what is unrecorded, so that nothing is added in between and left lying
            of.recording_ = false;
            of.changed_.set();
        }
    };
    const leaving when_done{*this};
    while (has_unrecorded() && !give_up_recording_)
        co_await record_some();
}

// Outcomes that cannot be recorded are kept and tried again.
awaitable<void> worker_run::record_some() {
    if (in_recording_.empty())
        std::swap(in_recording_, unrecorded_);
    std::vector<outcome> outcomes;
    std::vector<kept_lease> over;
    outcomes.reserve(in_recording_.size());
    over.reserve(in_recording_.size());
    for (const auto& each : in_recording_) {
        outcomes.push_back(each.decided);
        over.emplace_back(each.of, &each.of->job.held);
    }
    std::exception_ptr thrown;
    std::vector<bool> held;
    try {
        held = co_await stored_->finish(std::move(outcomes));
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown)
        co_return co_await pause_recording(thrown);
    const auto done = std::exchange(in_recording_, {});
    recording_fails_ = false;
    keeper_.drop(over);
    for (std::size_t i = 0; i < done.size(); ++i)
        recorded(done[i], held[i]);
    note_success();
}

awaitable<void> worker_run::pause_recording(std::exception_ptr thrown) {
    recording_fails_ = true;
    if (is_fatal(thrown)) {
        hopeless_ = thrown;
        changed_.set();
    }
    cut_claims_short();
    const auto pause = note_trouble("record what became of jobs", thrown);
    co_await wait_for(hurry_, saturating_add(time_.steady(), pause), time_);
}

void worker_run::recorded(const ending& e, bool held) {
    const auto& o = e.decided;
    const auto& key = o.held.job;
    if (!held && e.of->context && e.of->context->completion_noted()) // by its handler, with what that wrote
        return instruments_of(key.queue).completed.add();
    if (!held) {
        const context_scope in(context_of(*e.of));
        return telemetry::log(level::warn, "queue",
                              "lease lost: what became of the job was not recorded, another worker has it",
                              {{"job", key.id}, {"queue", key.queue}, {"fence", o.held.fence}});
    }
    const auto& counted = instruments_of(key.queue);
    if (o.as == outcome::kind::completed)
        counted.completed.add();
    else if (o.as == outcome::kind::failed)
        counted.failed.add();
    else if (o.as == outcome::kind::retry)
        counted.retried.add();
}

} // namespace infra::queue
