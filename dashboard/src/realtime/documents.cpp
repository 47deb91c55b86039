#include "documents.hpp"

#include "../texts.hpp"

#include <algorithm>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_channels = 20;
constexpr std::size_t most_members = 200;
constexpr std::size_t most_of_info = 1024;

json::value number_or_null(const std::optional<double>& n) { return n ? json::value(*n) : json::value(); }
json::value time_or_null(const std::optional<wall_time>& t) { return t ? json::value(to_unix_ms(*t)) : json::value(); }

json::object document_of_message(const realtime::envelope& e, std::size_t most) {
    return {{"offset", e.at.offset},
            {"type", e.what.type},
            {"data", payload_of(e.what.data.is_null() ? "" : json::to_text(e.what.data), most)}};
}

} // namespace

json::object document_of(const realtime::channel_info& c, const channel_pace& p) {
    return {{"name", c.name},
            {"subscribers", c.subscribers},
            {"per_second", number_or_null(p.per_second)},
            {"history_messages", c.history_messages},
            {"history_bytes", c.history_bytes},
            {"epoch", c.at.epoch},
            {"offset", c.at.offset},
            {"published", c.published},
            {"dropped", c.dropped},
            {"dropped_lately", p.dropped_lately},
            {"dropping_since", time_or_null(p.dropping_since)}};
}

json::object document_of(const realtime::client_info& c, std::size_t max_queue_bytes) {
    const auto shown = std::min(most_channels, c.channels.size());
    return {{"id", c.id},
            {"user", c.user},
            {"address", c.remote_address},
            {"transport", c.transport},
            {"channels", json::array(c.channels.begin(), c.channels.begin() + static_cast<std::ptrdiff_t>(shown))},
            {"channel_count", c.channels.size()},
            {"queued_bytes", c.queued_bytes},
            {"dropped", c.dropped},
            {"slow", is_slow(c, max_queue_bytes)},
            {"since", to_unix_ms(c.since)}};
}

json::object document_of(const realtime::missed& m, std::size_t most) {
    json::array items;
    for (const auto& each : m.messages)
        items.push_back(document_of_message(each, most));
    return {{"items", std::move(items)}, {"complete", m.complete}, {"epoch", m.now.epoch}, {"offset", m.now.offset}};
}

json::object document_of(const std::vector<realtime::member>& all, realtime::presence_stats counted) {
    json::array items;
    for (const auto& each : all) {
        if (items.size() == most_members)
            break;
        items.push_back({{"user", each.user},
                         {"info", payload_of(each.info.is_null() ? "" : json::to_text(each.info), most_of_info)},
                         {"connections", each.connections},
                         {"since", to_unix_ms(each.since)}});
    }
    return {
        {"items", std::move(items)}, {"next", nullptr}, {"users", counted.users}, {"connections", counted.connections}};
}

} // namespace infra::dashboard
