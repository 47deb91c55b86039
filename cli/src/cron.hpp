#pragma once

/// `infra cron` without the clock.

#include <infra/base/json.hpp>
#include <infra/queue/cron_expression.hpp>

#include <string>
#include <vector>

namespace infra::cli {

/// The `count` next runs after `after`, as clocks show them there; fewer if time ends before.
std::vector<std::string> next_runs(const queue::cron_expression& cron, const queue::time_zone& zone, wall_time after,
                                   std::size_t count);

} // namespace infra::cli
