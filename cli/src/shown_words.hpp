#pragma once

// How times and numbers are written, wherever the queue's are shown.

#include "cache.hpp"

#include <infra/base/json.hpp>
#include <infra/queue/time_zone.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace infra::cli {

inline std::string text_of(std::optional<wall_time> t) { return t ? queue::to_rfc3339(*t) : ""; }
inline json::value document_of(std::optional<wall_time> t) {
    return t ? json::value(std::string_view(format_rfc3339(*t).data(), 24)) : json::value();
}

inline std::string shown(std::chrono::milliseconds d) { return shown_ttl(std::max(d, std::chrono::milliseconds(0))); }
inline std::string age_of(wall_time t, wall_time now) {
    return shown(std::chrono::duration_cast<std::chrono::milliseconds>(saturating_sub(now, t)));
}

inline std::string limit_of(std::size_t n) { return n == 0 ? "" : std::to_string(n); }

} // namespace infra::cli
