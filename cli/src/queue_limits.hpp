#pragma once

#include "queue_verbs.hpp"

#include <string>
#include <string_view>

namespace infra::cli {

/// `10/1s`; `none` and `0` are no limit. Throws std::invalid_argument naming the option.
queue::rate_limit rate_limit_from(const std::string& option, std::string_view text);

void add_queue_limits(const queue_group& to); ///< limits

} // namespace infra::cli
