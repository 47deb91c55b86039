#include "logs_json.hpp"
#include "otlp_json.hpp"

#include <infra/base/context.hpp>
#include <infra/base/encoding.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace infra::otlp::detail {
namespace {

constexpr int severity_number(level l) noexcept {
    switch (l) {
    case level::debug: return 5;
    case level::info: return 9;
    case level::warn: return 13;
    case level::error: break;
    }
    return 17;
}

json::object log_record(const log_entry& from) {
    json::object out{{"timeUnixNano", nanoseconds(from.time)},
                     {"observedTimeUnixNano", nanoseconds(from.observed)},
                     {"severityNumber", severity_number(from.severity)},
                     {"severityText", to_string(from.severity)},
                     {"body", json::object{{"stringValue", from.message}}},
                     {"attributes", attributes_of(from.attributes)},
                     {"droppedAttributesCount", from.left_out}};
    if (from.span.valid()) {
        out["flags"] = from.span.flags;
        out["traceId"] = hex_text(to_hex(from.span.trace));
        out["spanId"] = hex_text(to_hex(from.span.span));
    }
    return out;
}

} // namespace

log_entry entry_of(const logging::record_view& r, wall_time observed) {
    log_entry out{.time = r.time,
                  .observed = observed,
                  .severity = r.severity,
                  .module = encoding::to_utf8(r.module),
                  .message = encoding::to_utf8(r.message),
                  .span = r.span,
                  .left_out = r.left_out};
    if (r.sequence != 0)
        out.attributes["log_sequence"] = r.sequence;
    for (const auto& each : r.fields)
        out.attributes[each.key] = to_json(each);
    if (r.where.line != 0) {
        out.attributes["code.file.path"] = encoding::to_utf8(r.where.file);
        out.attributes["code.line.number"] = r.where.line;
    }
    return out;
}

std::size_t weight_of(const logging::record_view& r) noexcept {
    constexpr std::size_t around = 64;
    auto sum = around + r.module.size() + r.message.size();
    for (const auto& each : r.fields)
        sum += around + each.key.size() +
               (each.value.type() == field_value::kind::text ? each.value.text().size() : sizeof(double));
    return sum;
}

// Scopes in the order of their first records, and of each its records in order.
std::string logs_json(std::span<const log_entry> entries, const resource& of) {
    std::vector<std::pair<std::string_view, json::array>> by_module;
    for (const auto& each : entries) {
        auto scope = std::ranges::find(by_module, each.module, &std::pair<std::string_view, json::array>::first);
        if (scope == by_module.end())
            scope = by_module.insert(scope, {each.module, json::array()});
        scope->second.push_back(log_record(each));
    }
    json::array scopes;
    for (auto& [module, records] : by_module)
        scopes.push_back(json::object{{"scope", json::object{{"name", module}}}, {"logRecords", std::move(records)}});
    return boost::json::serialize(
        json::object{{"resourceLogs", json::array{of_scopes(of, "scopeLogs", std::move(scopes))}}});
}

} // namespace infra::otlp::detail
