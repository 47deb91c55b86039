#include "documents.hpp"

#include <utility>

namespace infra::realtime::admin {
namespace {

std::string text_of(wall_time t) {
    const auto text = format_rfc3339(t);
    return {text.data(), text.size()};
}

void add_place(json::object& to, const position& at) {
    to["epoch"] = at.epoch;
    to["offset"] = at.offset;
}

} // namespace

json::object document_of(const channel_info& c) {
    json::object made{{"name", c.name}, {"subscribers", c.subscribers}};
    add_place(made, c.at);
    made["history_messages"] = c.history_messages;
    made["history_bytes"] = c.history_bytes;
    made["published"] = c.published;
    made["dropped"] = c.dropped;
    return made;
}

json::object document_of(const client_info& c) {
    return {{"id", c.id},
            {"user", c.user},
            {"remote_address", c.remote_address},
            {"transport", c.transport},
            {"channels", json::array(c.channels.begin(), c.channels.end())},
            {"queued_bytes", c.queued_bytes},
            {"dropped", c.dropped},
            {"since", text_of(c.since)}};
}

json::value document_of(const envelope& e, std::string_view channel) {
    json::object made{{"type", e.what.type}, {"channel", channel}};
    if (e.at.offset > 0)
        made["offset"] = e.at.offset;
    if (!e.what.data.is_null())
        made["data"] = e.what.data;
    return made;
}

json::object document_of(const missed& m, std::string_view channel) {
    json::array messages;
    for (const auto& each : m.messages)
        messages.push_back(document_of(each, channel));
    json::object made{{"complete", m.complete}};
    add_place(made, m.now);
    made["messages"] = std::move(messages);
    return made;
}

json::object document_of(const std::vector<member>& members, presence_stats counted) {
    json::array documents;
    for (const auto& each : members)
        documents.push_back(json::object{{"user", each.user},
                                         {"info", each.info},
                                         {"connections", each.connections},
                                         {"since", text_of(each.since)}});
    return {{"members", std::move(documents)}, {"users", counted.users}, {"connections", counted.connections}};
}

json::object document_of(const publication& p) {
    json::object made{{"duplicate", p.duplicate}, {"subscribers", p.subscribers}};
    add_place(made, p.at);
    return made;
}

} // namespace infra::realtime::admin
