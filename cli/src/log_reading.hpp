#pragma once

#include "dashboard_client.hpp"

#include <string>

namespace infra::cli {

/// At most `limit` lines of a service's log that fit the query, newest first: those before the cursor, or the newest.
awaitable<json::array> lines_before(const dashboard_client& from, service_query query, std::string cursor,
                                    std::size_t limit);

} // namespace infra::cli
