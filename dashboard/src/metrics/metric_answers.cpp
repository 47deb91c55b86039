#include "metric_answers.hpp"

#include "../query.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace infra::dashboard {
namespace {

json::value number(double n) { return std::isfinite(n) ? json::value(n) : json::value(); }
json::value number(const std::optional<double>& n) { return n ? number(*n) : json::value(); }

json::object object_of(const monitoring::label_map& labels) {
    json::object out;
    for (const auto& [name, value] : labels)
        out[name] = encoding::to_utf8(value);
    return out;
}

json::object item_of(const listed_metric& m) {
    json::object labels;
    for (const auto& [name, values] : m.labels) {
        json::array all;
        for (const auto& each : values)
            all.push_back(json::value(encoding::to_utf8(each)));
        labels[name] = std::move(all);
    }
    return {{"name", m.name},     {"type", json::to_value(m.type)}, {"help", m.help},        {"unit", unit_of(m.name)},
            {"series", m.series}, {"labels", std::move(labels)},    {"last", number(m.last)}};
}

json::object item_of(const seen_exemplar& e) {
    const auto hex = to_hex(e.trace);
    return {{"at", to_unix_ms(e.at)},
            {"value", number(e.value)},
            {"trace", std::string_view(hex.data(), hex.size())},
            {"labels", object_of(e.labels)}};
}

// A spreadsheet takes a cell that begins like this for a formula.
std::string cell(std::string_view text) {
    std::string out = "\"";
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
        out += '\'';
    for (const char c : text)
        out.append(c == '"' ? 2 : 1, c);
    return out + '"';
}

std::string title_of(const metric_query& q, const metric_range& found, const metric_line& line) {
    std::string out = q.name + ' ' + std::string(json::to_value(found.show).get_string());
    for (const auto& [name, value] : line.labels)
        out += ' ' + name + '=' + value;
    return encoding::to_utf8(out);
}

} // namespace

std::string_view unit_of(std::string_view name) noexcept {
    if (name.ends_with("_total"))
        name.remove_suffix(6);
    if (name.ends_with("_seconds"))
        return "s";
    if (name.ends_with("_bytes"))
        return "bytes";
    return name.ends_with("_ratio") ? "ratio" : "";
}

metric_query metric_query_of(const http::request& r) {
    constexpr std::uint64_t longest = 6 * 3600;
    metric_query q{.name = r.query("name").value_or(""), .by = r.query("by").value_or("")};
    if (q.name.empty())
        refuse("name", "expected the name of a metric");
    if (const auto show = r.query("show"); show && !show->empty()) {
        const auto read = json::from_value<shown_as>(json::value(*show));
        if (!read)
            refuse("show", "expected value, rate, mean, p50, p90, p95, p99 or quantiles");
        q.show = *read;
    }
    q.back = std::chrono::seconds(std::clamp<std::uint64_t>(number_asked(r, "range", 900), 60, longest));
    for (const auto& each : r.query_all("where")) {
        const auto colon = each.find(':');
        if (colon == each.npos)
            refuse("where", "expected label:value");
        q.where[each.substr(0, colon)] = each.substr(colon + 1);
    }
    return q;
}

json::object metrics_answer(const std::vector<listed_metric>& all, const metric_history::account& kept) {
    json::array items;
    for (const auto& each : all)
        items.push_back(item_of(each));
    return {{"items", std::move(items)},
            {"next", nullptr},
            {"kept",
             {{"series", kept.series},
              {"bytes", kept.bytes},
              {"max_bytes", kept.max_bytes},
              {"dropped", kept.dropped},
              {"since", kept.since ? json::value(to_unix_ms(*kept.since)) : json::value()}}}};
}

json::object range_answer(const metric_query& q, const metric_range& found, const std::vector<seen_exemplar>& seen) {
    json::array times, lines, exemplars;
    for (const auto& each : found.times)
        times.push_back(to_unix_ms(each));
    for (const auto& each : found.lines) {
        json::array values;
        values.reserve(each.values.size());
        for (const auto& n : each.values)
            values.push_back(number(n));
        lines.push_back({{"labels", object_of(each.labels)}, {"values", std::move(values)}});
    }
    for (const auto& each : seen)
        exemplars.push_back(item_of(each));
    return {{"name", q.name},
            {"type", json::to_value(found.type)},
            {"unit", found.show == shown_as::rate && unit_of(q.name) != "bytes" ? "" : unit_of(q.name)},
            {"show", json::to_value(found.show)},
            {"step", found.step.count()},
            {"times", std::move(times)},
            {"lines", std::move(lines)},
            {"more", found.more},
            {"exemplars", std::move(exemplars)}};
}

std::string csv_of(const metric_query& q, const metric_range& found) {
    std::string out = "time";
    for (const auto& each : found.lines)
        out += ',' + cell(title_of(q, found, each));
    out += "\r\n";
    for (std::size_t i = 0; i < found.times.size(); ++i) {
        const auto at = format_rfc3339(found.times[i]);
        out.append(at.data(), at.size());
        for (const auto& each : found.lines) {
            out += ',';
            if (const auto& n = each.values[i]; n && std::isfinite(*n)) {
                char text[32];
                out.append(text, std::to_chars(text, text + sizeof text, *n).ptr);
            }
        }
        out += "\r\n";
    }
    return out;
}

} // namespace infra::dashboard
