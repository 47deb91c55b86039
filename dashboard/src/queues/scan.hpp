#pragma once

// Looking through many jobs, bit by bit and not for longer than somebody waits for an answer.

#include <infra/queue/control.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace infra::dashboard {

struct scan_bounds {
    std::size_t jobs = 20'000; ///< looked at; a step more may be
    std::chrono::milliseconds time{1'500};
};

/// Up to `request.max` jobs that fit; `fits` may refuse some more. Fewer with a `next` mean that it looked as far as it may: `looked_at`
/// says how far.
awaitable<queue::job_page> look_for(queue::control jobs, queue::list_request request,
                                    std::function<bool(const queue::job_info&)> fits = {}, scan_bounds bounds = {});

struct job_count {
    std::size_t count = 0;
    std::size_t looked_at = 0;
    std::string next{}; ///< empty: those are all
};

/// How many fit, from `cursor` on; `fits` may refuse some. At once where queue and states alone decide.
awaitable<job_count> count_those(queue::control jobs, queue::job_filter filter, std::string cursor,
                                 std::function<bool(const queue::job_info&)> fits = {},
                                 scan_bounds bounds = {.jobs = 200'000, .time = std::chrono::milliseconds(3'000)});

/// Changes those that fit, from `cursor` on, as far as the time allows.
awaitable<queue::change_result> change_those(queue::control jobs, queue::job_change what, queue::job_filter filter,
                                             std::string cursor,
                                             std::chrono::milliseconds time = std::chrono::milliseconds(3'000));

} // namespace infra::dashboard
