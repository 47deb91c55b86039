#pragma once

/// The overview of a service's dashboard, for people and for programs. Pure.

#include <infra/base/json.hpp>
#include <infra/base/time.hpp>

#include <string>

namespace infra::cli {

/// How the service is and why, its numbers with their limits and curves, what needs attention, and the slowest traces.
std::string overview_text_of(const json::value& seen, wall_time now, bool colours);

/// For programs: the same members always, what there is not is null.
json::value overview_document_of(const json::value& seen);

/// What happened, a line of it.
std::string news_line_of(const json::value& news, bool colours);
json::value news_document_of(const json::value& news);

} // namespace infra::cli
