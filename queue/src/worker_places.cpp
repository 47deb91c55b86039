#include "worker_run.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace infra::queue {
namespace {

constexpr auto pause_for_memory = std::chrono::milliseconds(100);

} // namespace

void worker_run::start_all() {
    struct gathering {
        worker_run& of;
        const bool before = std::exchange(of.gathering_, true);
        ~gathering() { of.gathering_ = before; }
    };
    {
        const gathering together{*this};
        give_back_beyond_places_for_suspects();
        while (places_ < options_.concurrency && !in_hand_.empty())
            start_place(next_in_hand());
    }
    record_now();
}

void worker_run::start_place(const running_job& r) {
    ++places_;
    try {
        const auto on = std::make_shared<asio::cancellation_signal>();
        asio::co_spawn(
            ex_, run_jobs(r, on, pool_),
            asio::bind_cancellation_slot(on->slot(), [self = shared_from_this(), on](std::exception_ptr) {}));
    } catch (const std::exception&) { // before it began
        --places_;
        leave(r);
    }
}

// One place. It takes the next job by itself, which is cheaper than a coroutine for each; not once it was cancelled: then
// another takes over.
awaitable<void> worker_run::run_jobs(running_job r, place on, std::shared_ptr<blocking_pool> pool) {
    while (r) {
        try {
            start(r, on);
            attempt how;
            try {
                how = co_await perform(r, pool);
            } catch (const std::exception& e) { // what perform() lets through: no memory, or cancelled before it began
                how = {.how = attempt::end::threw, .reason = readable(e.what())};
            }
            ended(r, std::move(how));
        } catch (const std::exception&) {
            leave(r);
        }
        r = std::exchange(r->cancel, nullptr) ? next_in_hand() : nullptr;
    }
    --places_;
    if (!in_hand_.empty())
        start_all();
}

void worker_run::start(const running_job& r, const place& on) {
    begin(*r);
    r->began = time_.steady();
    r->cancel = on;
    r->index = active_.size();
    active_.push_back(r);
}

void worker_run::ended(const running_job& r, attempt how) {
    if (r->abandoned)
        return;
    if (r->interrupted && how.how != attempt::end::returned)
        how = {.how = attempt::end::interrupted};
    if (r->cancelled && how.how != attempt::end::returned)
        how = {.how = attempt::end::cancelled};
    leave_active(r);
    pace_.ended(time_.steady() - r->began);
    changed_.set();
    if (!r->lost)
        record(r, std::move(how));
}

void worker_run::leave_active(const running_job& r) noexcept {
    if (r->index >= active_.size() || active_[r->index] != r)
        return;
    active_.back()->index = r->index;
    std::swap(active_[r->index], active_.back());
    active_.pop_back();
}

// --- those for which there was no memory --------------------------------------------------------------------------

void worker_run::wait_for_memory() noexcept {
    no_claim_before_ = std::max(no_claim_before_, saturating_add(time_.steady(), pause_for_memory));
    changed_.set();
}

// Its lease is renewed until it is given back. Without room for it, another worker has it once its lease ends.
void worker_run::leave(const running_job& r) noexcept {
    leave_active(r);
    wait_for_memory();
    if (r->lost || r->abandoned)
        return;
    if (left_.size() < left_.capacity())
        return left_.push_back(r);
    const kept_lease one(r, &r->job.held);
    keeper_.drop({&one, 1});
}

// work() records it then, or finish_recording().
void worker_run::leave_unrecorded() noexcept {
    recording_ = false;
    wait_for_memory();
}

// Unbegun it runs again; otherwise that was an attempt, or one that ends in want of memory would run for ever. Where memory is
// short once more, the rest waits once more.
void worker_run::give_back_what_was_left() noexcept {
    try {
        while (!left_.empty()) {
            const auto r = left_.back();
            record(r, r->context
                          ? attempt{.how = attempt::end::threw, .reason = "there was no memory to record its end"}
                          : attempt{.how = attempt::end::not_begun});
            left_.pop_back();
        }
    } catch (const std::exception&) {
        wait_for_memory();
    }
    record_now(); // also what was left unrecorded
}

// --- those that are not to go on ----------------------------------------------------------------------------------

/// Null if it has ended.
worker_run::running_job worker_run::find(const kept_lease& of) const {
    const auto found = std::ranges::find_if(active_, [&](const auto& r) { return &r->job.held == of.get(); });
    return found == active_.end() ? nullptr : *found;
}

void worker_run::end_early(const running_job& r) {
    if (const auto place = std::exchange(r->cancel, nullptr))
        place->emit(asio::cancellation_type::terminal);
}

void worker_run::lost(const kept_lease& gone) {
    if (lost_before_it_began(gone))
        return;
    const auto r = find(gone);
    if (!r || r->context->completion_noted()) // then its handler has ended it, and is about to return
        return;
    const context_scope in(context_of(*r));
    telemetry::log(level::warn, "queue", "lease lost: the job was given to another worker; this run is cancelled",
                   {{"job", gone->job.id}, {"name", r->job.name}, {"queue", gone->job.queue}, {"fence", gone->fence}});
    r->lost = true;
    r->context->request_stop();
    end_early(r);
}

void worker_run::cancel_requested(const kept_lease& of) {
    if (cancelled_before_it_began(of))
        return;
    const auto r = find(of);
    if (!r || std::exchange(r->cancelled, true))
        return;
    const context_scope in(context_of(*r));
    telemetry::log(level::info, "queue", "job cancelled while it runs",
                   {{"job", of->job.id}, {"name", r->job.name}, {"queue", of->job.queue}});
    r->context->request_cancel();
    end_early(r);
}

} // namespace infra::queue
