#include "traces_json.hpp"

#include <infra/base/context.hpp>
#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <charconv>
#include <cmath>

namespace infra::otlp::detail {
namespace {

template <std::size_t N>
boost::json::string text(const std::array<char, N>& hex) {
    return boost::json::string(hex.data(), N);
}

boost::json::string nanoseconds(wall_time at) {
    return boost::json::string(std::to_string(at.time_since_epoch().count()));
}

json::array attributes_of(const json::object& from);

// JSON has no NaN and no infinity; protobuf's mapping spells them out.
json::value number(double n) {
    if (std::isnan(n))
        return "NaN";
    if (std::isinf(n))
        return n > 0 ? "Infinity" : "-Infinity";
    return n;
}

/// An AnyValue.
json::object any_value(const json::value& from) {
    switch (from.kind()) {
    case boost::json::kind::null: return {};
    case boost::json::kind::bool_: return {{"boolValue", from.get_bool()}};
    case boost::json::kind::int64: return {{"intValue", std::to_string(from.get_int64())}};
    case boost::json::kind::uint64:
        if (from.get_uint64() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return {{"stringValue", std::to_string(from.get_uint64())}}; // OTLP has no such integer
        return {{"intValue", std::to_string(from.get_uint64())}};
    case boost::json::kind::double_: return {{"doubleValue", number(from.get_double())}};
    case boost::json::kind::string: return {{"stringValue", from.get_string()}};
    case boost::json::kind::array: {
        json::array values;
        for (const auto& each : from.get_array())
            values.push_back(any_value(each));
        return {{"arrayValue", json::object{{"values", std::move(values)}}}};
    }
    case boost::json::kind::object:
        return {{"kvlistValue", json::object{{"values", attributes_of(from.get_object())}}}};
    }
    return {};
}

json::array attributes_of(const json::object& from) {
    json::array out;
    for (const auto& each : from)
        out.push_back(json::object{{"key", each.key()}, {"value", any_value(each.value())}});
    return out;
}

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
    return {{"traceId", text(to_hex(from.context.trace))},
            {"spanId", text(to_hex(from.context.span))},
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
    json::object out{{"traceId", text(to_hex(from.context.trace))}, {"spanId", text(to_hex(from.context.span))}};
    if (from.parent)
        out["parentSpanId"] = text(to_hex(from.parent));
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

json::object resource_json(const resource& of) {
    json::object attributes;
    for (const auto& [key, value] : of)
        attributes[key] = value;
    return {{"attributes", attributes_of(attributes)}, {"droppedAttributesCount", 0}};
}

} // namespace

std::string traces_json(std::span<const std::shared_ptr<const monitoring::span_record>> spans, const resource& of) {
    json::array all;
    for (const auto& each : spans)
        all.push_back(span(*each));
    const json::object scope{{"scope", json::object{{"name", "infra"}, {"version", INFRA_VERSION}}},
                             {"spans", std::move(all)}};
    return boost::json::serialize(
        json::object{{"resourceSpans",
                      json::array{json::object{{"resource", resource_json(of)}, {"scopeSpans", json::array{scope}}}}}});
}

std::uint64_t rejected_spans(std::string_view response) {
    boost::system::error_code ec;
    const auto read = boost::json::parse(response, ec);
    const auto* answer = ec ? nullptr : read.if_object();
    const auto* partial = answer ? answer->if_contains("partialSuccess") : nullptr;
    const auto* rejected =
        partial && partial->is_object() ? partial->get_object().if_contains("rejectedSpans") : nullptr;
    if (!rejected)
        return 0;
    std::uint64_t count = 0;
    if (const auto* as_text = rejected->if_string())
        std::from_chars(as_text->data(), as_text->data() + as_text->size(), count);
    else if (rejected->is_int64() && rejected->get_int64() > 0)
        count = static_cast<std::uint64_t>(rejected->get_int64());
    return count;
}

} // namespace infra::otlp::detail
