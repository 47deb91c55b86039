#include "worker_run.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <algorithm>
#include <utility>

namespace infra::queue {
namespace {

constexpr auto grace_of_cancelled = std::chrono::seconds(1);
constexpr auto last_recording = std::chrono::seconds(2);
constexpr auto longest_leaving = std::chrono::seconds(1);
constexpr auto shortest_leaving = std::chrono::milliseconds(20);

} // namespace

void worker_run::stop(deadline limit) {
    limit_ = limit_ ? earlier(*limit_, limit) : limit;
    give_back_in_hand(0, attempt::end::interrupted);
    changed_.set();
    cut_claims_short();
}

awaitable<void> worker_run::drain() {
    while (claiming_ > 0) // what they took comes back
        co_await changed_.wait();
    co_await leave();
    while (!active_.empty() && !passed(*limit_))
        co_await wait_until(*limit_);
    interrupt_all();
    const deadline grace = saturating_add(time_.steady(), grace_of_cancelled);
    while (!active_.empty() && !passed(grace))
        co_await wait_until(grace);
    abandon_all();
    give_back_what_was_left();
    co_await finish_recording();
}

// As long as the drain may take: nobody waits for a storage that is locked.
awaitable<void> worker_run::leave() {
    const auto now = time_.steady();
    const deadline last =
        std::clamp(limit_->time(), saturating_add(now, shortest_leaving), saturating_add(now, longest_leaving));
    std::exception_ptr thrown;
    try {
        co_await with_deadline(stored_->leave(identity_), last, time_);
    } catch (...) {
        thrown = std::current_exception();
    }
    // Later it does it all the same; and for good it has gone itself.
    if (thrown && code_of(thrown) != infra::errc::timed_out && !is_fatal(thrown))
        telemetry::log(level::warn, "queue", "the storage was not told that a worker has stopped",
                       {{"worker", identity_}, {"error", describe(thrown)}});
}

void worker_run::interrupt_all() {
    const auto all = active_; // a handler that ends at once takes itself out
    for (const auto& r : all) {
        r->interrupted = true;
        r->context->request_stop();
        end_early(r);
    }
}

void worker_run::abandon_all() {
    for (const auto& r : std::exchange(active_, {})) {
        telemetry::log(level::warn, "queue", "a cancelled handler does not end; its job is returned while it runs on",
                       {{"job", r->job.held.job.id}, {"name", r->job.name}, {"queue", r->job.held.job.queue}});
        r->abandoned = true;
        if (!r->lost)
            record(r, {.how = attempt::end::interrupted});
    }
}

// What memory was short for is tried again. What is not recorded at last runs again once its lease is over.
awaitable<void> worker_run::finish_recording() {
    const deadline last = saturating_add(time_.steady(), last_recording);
    while ((recording_ || has_unrecorded() || !left_.empty()) && !passed(last)) {
        co_await wait_until(recording_ ? last : earlier(last, no_claim_before_));
        if (!recording_ && passed(no_claim_before_))
            give_back_what_was_left();
    }
    give_up_recording_ = true;
    hurry_.set();
    while (recording_)
        co_await changed_.wait();
    if (has_unrecorded())
        telemetry::log(level::error, "queue", "stopped without recording what became of jobs; they will run again",
                       {{"jobs", unrecorded_.size() + in_recording_.size()}});
}

awaitable<void> worker_run::wait_until(deadline limit) { return wait_for(changed_, limit, time_); }

} // namespace infra::queue
