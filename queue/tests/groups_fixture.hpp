#pragma once

// Groups at hand, for what every backend must do about them.

#include "backend_fixture.hpp"

namespace infra::queue::tests {

class QueueGroups : public QueueBackend {
protected:
    static new_job of(std::string group, job_id id, job_options options = {}) {
        auto job = make_job(std::move(id), options);
        job.group = std::move(group);
        return job;
    }

    void limit(group_limits limits, wall_time now = t0) {
        loop.await(stored->configure({.queue = "mail", .per_group = limits, .now = now}));
    }

    bool complete(const claimed_job& job, wall_time at = t0) {
        return finish({.held = job.held, .at = at, .keep = {}});
    }

    /// So many claims of one job each, which are completed at once.
    ids served(std::size_t times, wall_time now = t0) {
        ids all;
        for (std::size_t i = 0; i < times; ++i) {
            const auto taken = claim(1, now);
            for (const auto& each : taken.jobs) {
                all.push_back(each.held.job.id);
                complete(each, now);
            }
        }
        return all;
    }

    std::size_t change(job_change what, const job_id& id) {
        return loop.await(stored->change({.what = what, .jobs = {{"mail", id}}, .now = t0})).changed;
    }
};

} // namespace infra::queue::tests
