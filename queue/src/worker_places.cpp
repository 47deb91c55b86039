#include "worker_run.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace infra::queue {

// A small worker has nothing to gain from halves.
std::size_t places_of_a_claim(std::size_t concurrency) noexcept {
    constexpr std::size_t small = 16;
    return concurrency < small ? concurrency : concurrency / 2;
}

void worker_run::start_all() {
    struct gathering {
        worker_run& of;
        explicit gathering(worker_run& w) : of(w) { of.gathering_ = true; }
        ~gathering() { of.gathering_ = false; } // also without memory: else nothing would be recorded any more
    };
    std::optional<gathering> together(*this);
    while (const auto r = next_in_hand()) {
        const auto on = std::make_shared<asio::cancellation_signal>();
        asio::co_spawn(
            ex_, run_jobs(r, on, pool_),
            asio::bind_cancellation_slot(on->slot(), [self = shared_from_this(), on](std::exception_ptr) {}));
    }
    together.reset();
    record_now();
}

/// Null if none is left.
worker_run::running_job worker_run::next_in_hand() {
    if (in_hand_.empty())
        return nullptr;
    auto r = std::move(in_hand_.front());
    in_hand_.pop_front();
    return r;
}

// One place. It takes the next job by itself, which is cheaper than a coroutine for each; not once it was cancelled.
awaitable<void> worker_run::run_jobs(running_job r, place on, std::shared_ptr<blocking_pool> pool) {
    while (r) {
        start(r, on);
        attempt how;
        try {
            how = co_await perform(r, pool);
        } catch (const std::exception& e) { // what perform() lets through: no memory, or cancelled before it began
            how = {.how = attempt::end::threw, .reason = readable(e.what())};
        }
        ended(r, std::move(how));
        r = std::exchange(r->cancel, nullptr) ? next_in_hand() : nullptr;
    }
}

void worker_run::start(const running_job& r, const place& on) {
    begin(*r);
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
    active_.back()->index = r->index;
    std::swap(active_[r->index], active_.back());
    active_.pop_back();
    changed_.set();
    if (!r->lost)
        record(r, std::move(how));
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
    const auto r = find(gone);
    if (!r || r->context->completion_noted()) // then its handler has ended it, and is about to return
        return;
    telemetry::log(level::warn, "queue", "lease lost: the job was given to another worker; this run is cancelled",
                   {{"job", gone->job.id}, {"name", r->job.name}, {"queue", gone->job.queue}, {"fence", gone->fence}});
    r->lost = true;
    r->context->request_stop();
    end_early(r);
}

void worker_run::cancel_requested(const kept_lease& of) {
    const auto r = find(of);
    if (!r || std::exchange(r->cancelled, true))
        return;
    telemetry::log(level::info, "queue", "job cancelled while it runs",
                   {{"job", of->job.id}, {"name", r->job.name}, {"queue", of->job.queue}});
    r->context->request_cancel();
    end_early(r);
}

} // namespace infra::queue
