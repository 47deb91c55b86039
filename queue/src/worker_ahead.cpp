// What a worker holds beyond the jobs that run, so that the next one is there when a handler ends.

#include "worker_run.hpp"

#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <utility>

namespace infra::queue {

/// Null if none is left.
worker_run::running_job worker_run::next_in_hand() {
    if (in_hand_.empty())
        return nullptr;
    auto r = std::move(in_hand_.front());
    in_hand_.pop_front();
    return r;
}

/// Null if it has begun, or was given back.
worker_run::running_job worker_run::take_from_hand(const kept_lease& of) {
    const auto found = std::ranges::find_if(in_hand_, [&](const auto& r) { return &r->job.held == of.get(); });
    if (found == in_hand_.end())
        return nullptr;
    auto r = std::move(*found);
    in_hand_.erase(found);
    changed_.set();
    return r;
}

steady_time worker_run::end_of_wait_ahead() const {
    return in_hand_.empty() ? steady_time::max() : saturating_add(in_hand_.front()->taken, longest_wait_ahead);
}

// All of them, or a younger one would begin here before the eldest does elsewhere. Claims that wait end first: each of them
// would take at once what is given back.
awaitable<void> worker_run::give_back_late() {
    pace_.forget();
    cut_claims_short();
    while (claiming_ > 0 && !limit_)
        co_await changed_.wait();
    give_back_in_hand(0, attempt::end::held);
}

// One whose worker vanished may make this one vanish too, and with it whatever is held: that would count as a stall of jobs that
// did nothing. So nothing waits behind it, nor is anything held before eight others have ended.
void worker_run::give_back_beyond_places_for_suspects() noexcept {
    if (std::ranges::none_of(in_hand_, [](const auto& r) { return r->job.stalls > 0; }))
        return;
    pace_.forget();
    give_back_in_hand(options_.concurrency - places_, attempt::end::held);
    record_now();
}

// The youngest first, so that in front of the others they stand in their order.
void worker_run::give_back_in_hand(std::size_t but, attempt::end why) noexcept {
    while (in_hand_.size() > but) {
        const auto r = std::move(in_hand_.back());
        in_hand_.pop_back();
        try {
            record(r, {.how = why});
        } catch (const std::exception&) {
            leave(r);
        }
    }
}

// --- those that are not to begin ----------------------------------------------------------------------------------

bool worker_run::lost_before_it_began(const kept_lease& gone) {
    const auto r = take_from_hand(gone);
    if (r)
        telemetry::log(
            level::warn, "queue", "lease lost: the job was given to another worker; here it had not begun",
            {{"job", gone->job.id}, {"name", r->job.name}, {"queue", gone->job.queue}, {"fence", gone->fence}});
    return r != nullptr;
}

bool worker_run::cancelled_before_it_began(const kept_lease& of) {
    const auto r = take_from_hand(of);
    if (!r)
        return false;
    telemetry::log(level::info, "queue", "job cancelled before it began",
                   {{"job", of->job.id}, {"name", r->job.name}, {"queue", of->job.queue}});
    try {
        record(r, {.how = attempt::end::cancelled});
    } catch (const std::exception&) {
        leave(r);
    }
    return true;
}

} // namespace infra::queue
