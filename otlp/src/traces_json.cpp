#include "traces_json.hpp"
#include "otlp_json.hpp"

#include <infra/base/context.hpp>
#include <infra/base/json.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace infra::otlp {
namespace detail {
namespace {

// W3C's flags below; above, whether the other span is another process's, and that we know.
std::uint32_t flags(std::uint8_t w3c, bool remote) noexcept {
    return std::uint32_t(w3c) | 0x100U | (remote ? 0x200U : 0U);
}

json::object event(const monitoring::span_event& from) {
    return {{"timeUnixNano", nanoseconds(from.time)},
            {"name", from.name},
            {"attributes", attributes_of(from.attributes)},
            {"droppedAttributesCount", from.dropped_attributes}};
}

json::object link(const monitoring::span_link& from) {
    return {{"traceId", hex_text(to_hex(from.context.trace))},
            {"spanId", hex_text(to_hex(from.context.span))},
            {"attributes", attributes_of(from.attributes)},
            {"droppedAttributesCount", from.dropped_attributes},
            {"flags", flags(from.context.flags, from.context.remote)}};
}

template <class T, class F>
json::array each_of(const std::vector<T>& from, F convert) {
    json::array out;
    for (const auto& one : from)
        out.push_back(convert(one));
    return out;
}

json::object status(const monitoring::span_record& from) {
    json::object out{{"code", static_cast<int>(from.status)}};
    if (!from.status_description.empty())
        out["message"] = from.status_description;
    return out;
}

json::object span(const monitoring::span_record& from) {
    json::object out{{"traceId", hex_text(to_hex(from.context.trace))},
                     {"spanId", hex_text(to_hex(from.context.span))}};
    if (from.parent)
        out["parentSpanId"] = hex_text(to_hex(from.parent));
    if (!from.trace_state.empty())
        out["traceState"] = from.trace_state;
    out["name"] = from.name;
    out["kind"] = static_cast<int>(from.kind);
    out["startTimeUnixNano"] = nanoseconds(from.start);
    out["endTimeUnixNano"] = nanoseconds(from.end);
    out["attributes"] = attributes_of(from.attributes);
    out["droppedAttributesCount"] = from.dropped_attributes;
    out["events"] = each_of(from.events, event);
    out["droppedEventsCount"] = from.dropped_events;
    out["status"] = status(from);
    out["links"] = each_of(from.links, link);
    out["droppedLinksCount"] = from.dropped_links;
    out["flags"] = flags(from.context.flags, from.parent_remote);
    return out;
}

} // namespace
} // namespace detail

std::string traces_json(std::span<const std::shared_ptr<const monitoring::span_record>> spans, const resource& of) {
    json::array all;
    for (const auto& each : spans)
        all.push_back(detail::span(*each));
    return boost::json::serialize(
        json::object{{"resourceSpans", json::array{detail::of_resource(of, "scopeSpans", "spans", std::move(all))}}});
}

} // namespace infra::otlp
