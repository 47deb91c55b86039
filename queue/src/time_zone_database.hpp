#pragma once

// Where zones are read from; the one place that knows Abseil.

#include <infra/queue/time_zone.hpp>

#include <optional>
#include <string>
#include <vector>

namespace infra::queue {

/// Every change of offset that a wall_time can be after, the rules of today applied to the end of it. Empty if there is no
/// such file or it is no zone.
std::optional<std::vector<time_zone::period>> periods_from_database(const std::string& name);

} // namespace infra::queue
