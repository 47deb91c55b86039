#include <infra/queue/control.hpp>

#include <infra/base/with_deadline.hpp>

namespace infra::queue {
namespace {

constexpr std::chrono::seconds follow_interval{20}; // well within events_request::keep_recording

awaitable<event_follower> begin_to_follow(control on, std::string queue) {
    auto start = co_await on.stored()->events({.queue = queue, .now = on.time().wall()});
    co_return event_follower(on.stored(), on.time(), std::move(queue), std::move(start.next));
}

awaitable<job_info> end_of(control on, job_key job, deadline limit) {
    auto ended = co_await with_deadline(on.stored()->wait_for_end(job), limit, on.time());
    if (!ended)
        throw error(errc::job_failed,
                    "nothing is known of the job \"" + job.id + "\", or no longer (see keep_completed)");
    co_return std::move(*ended);
}

awaitable<std::string> result_of(awaitable<job_info> end) {
    auto ended = co_await std::move(end);
    if (ended.state == job_state::failed)
        throw error(errc::job_failed, "the job \"" + ended.id + "\" failed: " + ended.failed_reason);
    co_return ended.result.empty() ? std::string("null") : std::move(ended.result);
}

} // namespace

awaitable<events_page> event_follower::next() {
    for (;;) {
        const events_request request{.queue = queue_, .cursor = cursor_, .now = time_->wall()};
        try {
            auto page = co_await with_deadline(stored_->events(request),
                                               deadline::after(follow_interval, time_->steady()), *time_);
            cursor_ = page.next;
            co_return page;
        } catch (const error& e) {
            if (e.code() != infra::errc::timed_out)
                throw;
        }
    }
}

awaitable<event_follower> control::follow(std::string queue) const {
    check_name("control::follow: the queue", queue);
    return begin_to_follow(*this, std::move(queue));
}

awaitable<job_info> control::wait_for(job_key job, deadline limit) const {
    return end_of(*this, std::move(job), limit);
}

awaitable<std::string> control::result_text(job_key job, deadline limit) const {
    return result_of(end_of(*this, std::move(job), limit));
}

} // namespace infra::queue
