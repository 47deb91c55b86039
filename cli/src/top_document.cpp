#include "top_document.hpp"

#include "table.hpp"
#include "top_sheets.hpp"

#include <cmath>
#include <cstdint>
#include <utility>

namespace infra::cli::top {
namespace {

// Whole numbers as such: 12, not 1.2E1.
json::value value_of(std::optional<double> n) {
    constexpr double exact = 9'007'199'254'740'992; // 2^53
    if (!n)
        return nullptr;
    return *n == std::floor(*n) && std::abs(*n) < exact ? json::value(static_cast<std::int64_t>(*n)) : json::value(*n);
}

json::object document_of(const quantiles& q) {
    return {{"p50", value_of(q.p50)}, {"p95", value_of(q.p95)}, {"p99", value_of(q.p99)}};
}

json::object rates_of(const figures& f) {
    constexpr std::pair<std::string_view, counted> names[] = {
        {"requests", counted::requests},           {"client_errors", counted::client_errors},
        {"server_errors", counted::server_errors}, {"jobs_finished", counted::jobs_finished},
        {"jobs_failed", counted::jobs_failed},     {"mails_sent", counted::mails_sent},
        {"mails_failed", counted::mails_failed},   {"published", counted::published},
        {"deliveries", counted::deliveries},       {"dropped", counted::dropped},
        {"cache_hits", counted::cache_hits},       {"cache_misses", counted::cache_misses},
        {"storage_calls", counted::storage_calls}, {"storage_failures", counted::storage_failures},
        {"log_lines", counted::log_lines},         {"log_warnings", counted::log_warnings},
        {"log_errors", counted::log_errors},       {"cpu_seconds", counted::cpu_seconds},
    };
    static_assert(std::size(names) == counted_kinds);
    json::object made;
    for (const auto& [name, which] : names)
        made[name] = value_of(f.rate(which));
    return made;
}

json::object gauges_of(const picture& p) {
    const auto of = [&](measured which) { return value_of(p.last ? p.last->gauge(which) : std::nullopt); };
    const bool known = p.last && p.last->channels;
    return {{"jobs_waiting", p.last ? value_of(p.waiting()) : json::value()},
            {"oldest_job_seconds", p.last ? value_of(p.oldest_seconds()) : json::value()},
            {"jobs_active", value_of(p.sum(&queue_reading::active))},
            {"jobs_delayed", value_of(p.sum(&queue_reading::delayed))},
            {"jobs_failed", value_of(p.sum(&queue_reading::failed))},
            {"sockets", of(measured::sockets)},
            {"channels", known ? json::value(*p.last->channels) : json::value()},
            {"resident_bytes", of(measured::resident_bytes)},
            {"cached_bytes", of(measured::cached_bytes)},
            {"threads", of(measured::threads)},
            {"open_files", of(measured::open_files)},
            {"most_files", of(measured::most_files)}};
}

json::array queues_of(const picture& p) {
    json::array all;
    for (const auto& each : p.figures.queues)
        all.push_back({{"queue", each.name},
                       {"waiting", value_of(each.now.waiting)},
                       {"oldest_seconds", value_of(each.now.oldest_seconds)},
                       {"finished", value_of(each.finished)},
                       {"failing", value_of(each.failing)},
                       {"active", value_of(each.now.active)},
                       {"delayed", value_of(each.now.delayed)},
                       {"failed", value_of(each.now.failed)},
                       {"workers", value_of(each.now.workers)},
                       {"paused", each.now.paused}});
    return all;
}

json::array routes_of(const picture& p) {
    json::array all;
    for (const auto& each : p.figures.routes)
        all.push_back({{"route", each.name},
                       {"requests", value_of(each.requests)},
                       {"errors", value_of(each.errors)},
                       {"seconds", document_of(each.durations)}});
    return all;
}

json::array checks_of(const picture& p) {
    json::array all;
    for (const auto& each : p.last ? p.last->checks : std::vector<check_reading>{})
        all.push_back({{"check", each.name}, {"status", each.status}, {"message", each.message}});
    return all;
}

json::array attention_of(const picture& p) {
    json::array all;
    for (const auto& each : p.last ? p.last->concerns : std::vector<concern_reading>{})
        all.push_back({{"severity", each.severity}, {"text", each.text}, {"count", value_of(each.count)}});
    return all;
}

std::string heading(const picture& p, const place& of, steady_time now) {
    auto text = state_of(p) + "  " + name_of(p);
    if (const auto up = p.uptime_seconds())
        text += (text.ends_with(' ') ? "up " : "  up ") + duration_text(*up);
    text += (text.ends_with(' ') ? "" : "  ") + one_line(of.url);
    const auto what = remark_on(p, now);
    return what ? text + "\n" + what->text : text;
}

std::string table_of(const picture& p, section which, sorting order) {
    const auto all = sheet_of(p, which, order);
    table_row heads;
    for (const auto& each : all.columns)
        heads.emplace_back(each.head);
    std::vector<table_row> rows;
    for (const auto& each : all.rows)
        rows.push_back(each.cells);
    return rows.empty() ? "" : "\n\n" + table(heads, rows);
}

} // namespace

json::object document_of(const picture& p, const place& of, steady_time now) {
    const auto text = [](std::string_view said) { return said.empty() ? json::value() : json::value(said); };
    const auto why = remark_on(p, now);
    return {{"url", of.url},
            {"status", state_of(p)},
            {"reason", why ? json::value(why->text) : json::value()},
            {"service", text(p.last ? p.last->service : "")},
            {"version", text(p.last ? p.last->version : "")},
            {"infra_version", text(p.last ? p.last->infra_version : "")},
            {"uptime_seconds", value_of(p.uptime_seconds())},
            {"restarted", p.changed == change::restarted},
            {"per_second", rates_of(p.figures)},
            {"request_seconds", document_of(p.figures.durations)},
            {"loop_lag_seconds", document_of(p.figures.lag)},
            {"cache_hit_rate", value_of(p.figures.hit_rate)},
            {"now", gauges_of(p)},
            {"queues", queues_of(p)},
            {"routes", routes_of(p)},
            {"checks", checks_of(p)},
            {"attention", attention_of(p)}};
}

std::string plain_text_of(const picture& p, const place& of, steady_time now) {
    auto text = heading(p, of, now);
    std::vector<std::pair<std::string, std::string>> facts;
    for (const auto& each : figures_of(p))
        facts.emplace_back(each.label, each.value);
    if (facts.empty())
        return text;
    text += "\n\n" + fact_sheet(facts);
    const view standard;
    text += table_of(p, section::queues, standard.sorted[1]) + table_of(p, section::routes, standard.sorted[2]);
    return text + table_of(p, section::checks, {}) + table_of(p, section::attention, {});
}

} // namespace infra::cli::top
