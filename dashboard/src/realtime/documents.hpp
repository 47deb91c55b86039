#pragma once

// What the panel's answers look like. Pure.

#include "watch.hpp"

#include <infra/base/json.hpp>
#include <infra/realtime/hub.hpp>

#include <cstddef>
#include <vector>

namespace infra::dashboard {

/// A client that has so much to be written that it soon loses messages.
inline bool is_slow(const realtime::client_info& c, std::size_t max_queue_bytes) noexcept {
    return c.queued_bytes >= max_queue_bytes / 4 && c.queued_bytes > 0;
}

json::object document_of(const realtime::channel_info& c, const channel_pace& p);
/// Of the channels the first 20 and their number.
json::object document_of(const realtime::client_info& c, std::size_t max_queue_bytes);
/// Data of a message at most `most` bytes.
json::object document_of(const realtime::missed& m, std::size_t most);
/// At most 200 members.
json::object document_of(const std::vector<realtime::member>& all, realtime::presence_stats counted);

} // namespace infra::dashboard
