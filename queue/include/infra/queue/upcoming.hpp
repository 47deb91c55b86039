#pragma once

/// When a schedule will run, for people who look.
///
///     for (const auto at : upcoming_runs(job.when, job.next, job.runs, 5)) show(at);

#include <infra/queue/schedule.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace infra::queue {

/// At most so many from `next` on, which is the first of them; `runs` were made before. Of a pattern that only another program can
/// read `next` alone.
std::vector<wall_time> upcoming_runs(const schedule& when, std::optional<wall_time> next, std::size_t runs,
                                     std::size_t most);

} // namespace infra::queue
