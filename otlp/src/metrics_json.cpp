#include "metrics_json.hpp"
#include "otlp_json.hpp"

#include <infra/base/context.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <iterator>

namespace infra::otlp::detail {
namespace {

using monitoring::metric_family;
using monitoring::metric_point;
using monitoring::metric_type;

constexpr int cumulative = 2;

json::object exemplar(const monitoring::exemplar& from) {
    return {{"filteredAttributes", json::array{}}, // labels that the point lacks: a series has all of them
            {"timeUnixNano", nanoseconds(from.time)},
            {"asDouble", number(from.value)},
            {"spanId", hex_text(to_hex(from.span))},
            {"traceId", hex_text(to_hex(from.trace))}};
}

json::object point(const metric_point& from, wall_time since, wall_time read) {
    json::object labels;
    for (const auto& [name, value] : from.labels)
        labels[name] = value;
    json::object out{{"attributes", attributes_of(labels)},
                     {"startTimeUnixNano", nanoseconds(since)},
                     {"timeUnixNano", nanoseconds(read)}};
    json::array exemplars;
    for (const auto& each : from.exemplars)
        exemplars.push_back(exemplar(each));
    if (!exemplars.empty())
        out["exemplars"] = std::move(exemplars);
    return out;
}

json::object number_point(const metric_point& from, wall_time since, wall_time read) {
    auto out = point(from, since, read);
    out["asDouble"] = number(from.value);
    return out;
}

// By the rules a sum that may fall is none.
json::object histogram_point(const metric_point& from, wall_time read) {
    const auto& d = from.distribution;
    auto out = point(from, from.since, read);
    json::array counts, bounds;
    for (const auto n : d.buckets)
        counts.push_back(boost::json::string(std::to_string(n)));
    for (const auto bound : d.bounds)
        bounds.push_back(bound);
    out["bucketCounts"] = std::move(counts);
    out["explicitBounds"] = std::move(bounds);
    out["count"] = std::to_string(d.count);
    if (d.sum >= 0 && (d.bounds.empty() || d.bounds.front() >= 0))
        out["sum"] = number(d.sum);
    return out;
}

json::object data_of(const metric_family& from, wall_time read) {
    json::array points;
    for (const auto& each : from.points)
        points.push_back(from.type == metric_type::histogram ? histogram_point(each, read)
                         : from.type == metric_type::gauge   ? number_point(each, read, read)
                                                             : number_point(each, each.since, read));
    json::object out;
    if (from.type != metric_type::gauge)
        out["aggregationTemporality"] = cumulative;
    if (from.type == metric_type::counter)
        out["isMonotonic"] = true;
    out["dataPoints"] = std::move(points);
    return out;
}

std::string_view field_of(metric_type type) noexcept {
    switch (type) {
    case metric_type::counter: return "sum";
    case metric_type::gauge: return "gauge";
    case metric_type::histogram: break;
    }
    return "histogram";
}

json::object metric(const metric_family& from, wall_time read) {
    json::object out{{"name", from.name}, {"description", from.help}, {"unit", unit_of(from.name)}};
    out[field_of(from.type)] = data_of(from, read);
    return out;
}

/// Moves up to `count` points out of the end of `from`.
metric_family cut(metric_family& from, std::size_t count) {
    metric_family out{.name = from.name, .type = from.type, .help = from.help};
    const auto begin = from.points.end() - static_cast<std::ptrdiff_t>(std::min(count, from.points.size()));
    out.points.assign(std::make_move_iterator(begin), std::make_move_iterator(from.points.end()));
    from.points.erase(begin, from.points.end());
    return out;
}

} // namespace

std::string_view unit_of(std::string_view name) noexcept {
    if (name.ends_with("_total"))
        name.remove_suffix(6);
    if (name.ends_with("_seconds"))
        return "s";
    if (name.ends_with("_bytes"))
        return "By";
    return name.ends_with("_ratio") ? "1" : "";
}

std::string metrics_json(std::span<const metric_family> all, const resource& of, wall_time read) {
    json::array metrics;
    for (const auto& each : all)
        metrics.push_back(metric(each, read));
    return boost::json::serialize(
        json::object{{"resourceMetrics", json::array{of_resource(of, "scopeMetrics", "metrics", std::move(metrics))}}});
}

std::vector<families> in_parts(families all, std::size_t max_points) {
    std::vector<families> out;
    std::size_t room = 0;
    for (auto each = all.rbegin(); each != all.rend(); ++each)
        while (!each->points.empty()) {
            if (room == 0) {
                out.emplace_back();
                room = max_points;
            }
            auto& part = out.back().emplace_back(cut(*each, room));
            room -= part.points.size();
        }
    for (auto& part : out)
        std::ranges::reverse(part);
    return out;
}

std::uint64_t points_of(std::span<const metric_family> all) noexcept {
    std::uint64_t count = 0;
    for (const auto& each : all)
        count += each.points.size();
    return count;
}

} // namespace infra::otlp::detail
