#include "otlp_json.hpp"

#include <boost/json/parse.hpp>

#include <charconv>
#include <cmath>

namespace infra::otlp::detail {
namespace {

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

json::object resource_json(const resource& of) {
    json::object attributes;
    for (const auto& [key, value] : of)
        attributes[key] = value;
    return {{"attributes", attributes_of(attributes)}, {"droppedAttributesCount", 0}};
}

} // namespace

boost::json::string nanoseconds(wall_time at) {
    return boost::json::string(std::to_string(at.time_since_epoch().count()));
}

// JSON has no NaN and no infinity; protobuf's mapping spells them out.
json::value number(double n) {
    if (std::isnan(n))
        return "NaN";
    if (std::isinf(n))
        return n > 0 ? "Infinity" : "-Infinity";
    return n;
}

json::array attributes_of(const json::object& from) {
    json::array out;
    for (const auto& each : from)
        out.push_back(json::object{{"key", each.key()}, {"value", any_value(each.value())}});
    return out;
}

json::object of_scopes(const resource& of, std::string_view scopes, json::array all) {
    json::object out{{"resource", resource_json(of)}};
    out[scopes] = std::move(all);
    return out;
}

json::object of_resource(const resource& of, std::string_view scopes, std::string_view items, json::array all) {
    json::object scope{{"scope", json::object{{"name", "infra"}, {"version", INFRA_VERSION}}}};
    scope[items] = std::move(all);
    return of_scopes(of, scopes, json::array{std::move(scope)});
}

std::uint64_t rejected(std::string_view response, std::string_view field) {
    boost::system::error_code ec;
    const auto read = boost::json::parse(response, ec);
    const auto* answer = ec ? nullptr : read.if_object();
    const auto* partial = answer ? answer->if_contains("partialSuccess") : nullptr;
    const auto* found = partial && partial->is_object() ? partial->get_object().if_contains(field) : nullptr;
    if (!found)
        return 0;
    std::uint64_t count = 0;
    if (const auto* as_text = found->if_string())
        std::from_chars(as_text->data(), as_text->data() + as_text->size(), count);
    else if (found->is_int64() && found->get_int64() > 0)
        count = static_cast<std::uint64_t>(found->get_int64());
    return count;
}

} // namespace infra::otlp::detail
