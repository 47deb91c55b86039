#pragma once

// One attempt at one job: the handler, under its span and its timeout, with whatever it throws caught.

#include "retry_policy.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/context.hpp>
#include <infra/queue/registry.hpp>

#include <optional>

namespace infra::queue {

/// A job in hand and what its attempt needs. It is made when the job is taken, and begins once a place is free.
///
/// Lifetime: shared by the attempt, whoever may end it, and its handler, which may be given up on.
struct task {
    task(claimed_job taken, std::shared_ptr<const known_job> found, std::shared_ptr<backend> storage, clock& now)
        : job(std::move(taken)), known(std::move(found)), stored(std::move(storage)), time(&now) {}

    claimed_job job;
    std::shared_ptr<const known_job> known;
    std::shared_ptr<backend> stored; ///< keeps what the handler tells
    clock* time;
    std::optional<job_context> context{}; ///< from begin() on
    span_context span{};                  ///< of the attempt, once its handler was begun
};

/// For what is told of a job from outside its handler: in the span of its attempt, or in its producer's where none was begun.
context context_of(const task& t);

/// The attempt's time counts from here.
void begin(task& t);

/// After begin(). Never throws what the handler threw. Cancelled, it is as if the handler had thrown. A function on one of the
/// pool's threads holds the task, so that may not hold the pool.
awaitable<attempt> perform(std::shared_ptr<task> t, std::shared_ptr<blocking_pool> pool);

} // namespace infra::queue
