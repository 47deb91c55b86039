#pragma once

// One attempt at one job: the handler, under its span and its timeout, with whatever it throws caught.

#include "retry_policy.hpp"

#include <infra/base/clock.hpp>
#include <infra/queue/registry.hpp>

namespace infra::queue {

struct task {
    claimed_job job;
    std::shared_ptr<const known_job> known;
    std::shared_ptr<job_context> context;
    std::shared_ptr<blocking_pool> pool;
    clock* time;
};

/// Never throws what the handler threw. Cancelled, it is as if the handler had thrown.
awaitable<attempt> perform(task t);

/// What the handler will be told. `stored` keeps what it tells.
std::shared_ptr<job_context> context_for(const claimed_job& job, std::shared_ptr<backend> stored, clock& time);

} // namespace infra::queue
