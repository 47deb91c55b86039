#pragma once

// What the parts of the panel share.

#include "../asked.hpp"
#include "failures.hpp"
#include "news.hpp"
#include "queues_panel.hpp"
#include "watch.hpp"

#include <memory>
#include <string>

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
