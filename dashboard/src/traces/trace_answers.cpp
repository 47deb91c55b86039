#include "trace_answers.hpp"

#include "../query.hpp"
#include "../texts.hpp"

#include <algorithm>
#include <set>

namespace infra::dashboard {
namespace {

using monitoring::span_record;

template <std::size_t N>
boost::json::string text(const std::array<char, N>& hex) {
    return boost::json::string(hex.data(), N);
}

double milliseconds(std::chrono::nanoseconds d) { return std::chrono::duration<double, std::milli>(d).count(); }
std::int64_t microseconds(std::chrono::nanoseconds d) { return d / std::chrono::microseconds(1); }

std::string_view name_of_kind(span_kind kind) noexcept {
    switch (kind) {
    case span_kind::internal: return "internal";
    case span_kind::server: return "server";
    case span_kind::client: return "client";
    case span_kind::producer: return "producer";
    case span_kind::consumer: return "consumer";
    }
    return "internal";
}

json::object shown_attributes(const json::object& attributes, std::size_t at_most, bool& cut) {
    json::object out;
    for (const auto& each : attributes) {
        const auto* whole = each.value().if_string();
        if (whole && whole->size() > at_most) {
            cut = true;
            out[each.key()] = beginning(*whole, at_most);
        } else {
            out[each.key()] = each.value();
        }
    }
    return out;
}

json::array events_of(const span_record& s, wall_time start, std::size_t at_most, bool& cut) {
    json::array out;
    for (const auto& each : s.events)
        out.push_back({{"name", each.name},
                       {"at", microseconds(each.time - start)},
                       {"attributes", shown_attributes(each.attributes, at_most, cut)}});
    return out;
}

json::array links_of(const span_record& s, std::size_t at_most, bool& cut) {
    json::array out;
    for (const auto& each : s.links)
        out.push_back({{"trace", text(to_hex(each.context.trace))},
                       {"span", text(to_hex(each.context.span))},
                       {"attributes", shown_attributes(each.attributes, at_most, cut)}});
    return out;
}

std::string attribute(const span_record& s, std::string_view key) {
    const auto* found = s.attributes.if_contains(key);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

// What of our own a trace has been through, to be linked.
void add_links(json::object& out, const std::vector<tree_span>& spans) {
    std::set<std::pair<std::string, std::string>> jobs;
    std::set<std::string> mails;
    for (const auto& each : spans) {
        if (auto id = attribute(*each.span, "messaging.message.id"); !id.empty())
            jobs.emplace(attribute(*each.span, "messaging.destination.name"), std::move(id));
        if (auto id = attribute(*each.span, "email.message_id"); !id.empty())
            mails.insert(std::move(id));
    }
    json::array all_jobs, all_mails;
    for (const auto& [queue, id] : jobs)
        all_jobs.push_back({{"queue", queue}, {"id", id}});
    for (const auto& id : mails)
        all_mails.push_back(json::value(id));
    out["jobs"] = std::move(all_jobs);
    out["mails"] = std::move(all_mails);
}

} // namespace

trace_filter trace_filter_of(const http::request& r) {
    constexpr std::uint64_t longest = 24 * 3600 * 1000;
    auto name = r.query("name").value_or("");
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return {.failed = number_asked(r, "failed", 0) != 0,
            .at_least = std::chrono::milliseconds(std::min(number_asked(r, "slow", 0), longest)),
            .name = std::move(name),
            .route = r.query("route").value_or(""),
            .probes = number_asked(r, "probes", 1) != 0,
            .since = time_asked(r, "since"),
            .until = time_asked(r, "until")};
}

json::object document_of(const trace_summary& t) {
    return {{"trace", text(to_hex(t.id))},
            {"name", t.root->name},
            {"kind", name_of_kind(t.root->kind)},
            {"start", to_unix_ms(t.start)},
            {"ms", milliseconds(t.took())},
            {"spans", t.spans},
            {"failed", t.failed}};
}

json::object document_of(const tree_span& s, wall_time start, std::size_t at_most) {
    const auto& of = *s.span;
    bool cut = false;
    json::object out{{"id", text(to_hex(of.context.span))},
                     {"name", of.name},
                     {"kind", name_of_kind(of.kind)},
                     {"depth", s.depth},
                     {"children", s.children},
                     {"start", microseconds(of.start - start)},
                     {"us", microseconds(of.end - of.start)},
                     {"own", microseconds(s.own)},
                     {"critical", s.critical},
                     {"open", s.open},
                     {"failed", of.status == span_status::error},
                     {"attributes", shown_attributes(of.attributes, at_most, cut)},
                     {"events", events_of(of, start, at_most, cut)},
                     {"links", links_of(of, at_most, cut)}};
    if (of.parent)
        out["parent"] = text(to_hex(of.parent));
    if (of.parent_remote)
        out["remote"] = true;
    if (!of.status_description.empty())
        out["error"] = of.status_description;
    if (const auto dropped = of.dropped_attributes + of.dropped_events + of.dropped_links)
        out["dropped"] = dropped;
    if (cut)
        out["cut"] = true;
    return out;
}

json::object trace_answer(const std::vector<tree_span>& spans, std::size_t left_out) {
    constexpr std::size_t bytes_of_attribute = 512; // of a text, among up to 1000 spans
    auto start = wall_time::max(), end = wall_time::min();
    bool failed = false, open = false;
    for (const auto& each : spans) {
        start = std::min(start, each.span->start);
        end = std::max(end, each.span->end);
        failed |= each.span->status == span_status::error;
        open |= each.open;
    }
    json::array all;
    for (const auto& each : spans)
        all.push_back(document_of(each, start, bytes_of_attribute));
    const auto& first = *spans.front().span;
    json::object out{{"trace", text(to_hex(first.context.trace))},
                     {"name", first.name},
                     {"start", to_unix_ms(start)},
                     {"us", microseconds(end - start)},
                     {"failed", failed},
                     {"open", open},
                     {"left_out", left_out},
                     {"spans", std::move(all)}};
    add_links(out, spans);
    return out;
}

} // namespace infra::dashboard
