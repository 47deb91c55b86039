#pragma once

// What the parts of the panel share.

#include "../asked.hpp"
#include "failures.hpp"
#include "news.hpp"
#include "queues_panel.hpp"
#include "watch.hpp"

#include <infra/base/with_deadline.hpp>

#include <memory>
#include <string>
#include <utility>

namespace infra::dashboard {

struct queue_desk {
    queues_source from;
    std::shared_ptr<queue_watch> watch = std::make_shared<queue_watch>();
    std::shared_ptr<failure_watch> failures = std::make_shared<failure_watch>();
    std::shared_ptr<failure_news> news = std::make_shared<failure_news>();

    queue::queue jobs() const { return from.jobs(); }

    /// Of what somebody did the page shows what came of it.
    void forget(const std::string& queue) const {
        watch->forget();
        failures->forget(queue);
    }
};
using shared_desk = std::shared_ptr<const queue_desk>;

/// What its storage says within so long; where that is nothing, the error says who was silent.
template <class T>
awaitable<T> in_time(shared_desk desk, awaitable<T> question, std::chrono::milliseconds patience) {
    const auto jobs = desk->jobs();
    auto& time = jobs.time();
    try {
        co_return co_await with_deadline(std::move(question), deadline::after(patience, time.steady()), time);
    } catch (const error& e) {
        if (e.code() != errc::timed_out)
            throw;
        throw error(errc::timed_out, "the queue does not answer: nothing came of " + jobs.stored()->description() +
                                         " within " + std::to_string(patience.count()) + " ms");
    }
}

// Each adds its routes.
void add_steering(board& on, const shared_desk& desk);
void add_jobs(board& on, const shared_desk& desk);
void add_changes(board& on, const shared_desk& desk);
void add_failures(board& on, const shared_desk& desk);
void add_schedules(board& on, const shared_desk& desk);
void add_queue_overview(board& on, const shared_desk& desk);

/// `{"changed":17,"next":null}`
http::response changed_response(const queue::change_result& done);

} // namespace infra::dashboard
