#pragma once

#include <infra/base/json.hpp>
#include <infra/realtime/feeds.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace infra::realtime::feeds {

bool is_wanted(std::string_view name, const std::vector<std::string>& names) noexcept;

/// What a message of them says, but for its time.
json::object metrics_data(const std::vector<monitoring::metric_family>& all, const metric_feed_options& options);

} // namespace infra::realtime::feeds
