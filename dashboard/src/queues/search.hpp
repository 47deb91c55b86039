#pragma once

#include <infra/queue/operations.hpp>

#include <string_view>

namespace infra::dashboard {

/// What somebody types into the box: `name:welcome error:"timed out" data:ann@ group:shop-7`. What stands without such a word in front is
/// looked for in payloads. A word given twice counts the last time; `error` may be called `reason`.
///
/// Adds to `filter`; leaves queue and states alone.
void add_search(queue::job_filter& filter, std::string_view text);

/// Of its name; throws http::error_response 400.
queue::job_state state_named(std::string_view name);

} // namespace infra::dashboard
