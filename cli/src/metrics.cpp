#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "metric_shown.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <infra/runtime/environment.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

struct metrics_words {
    service_place place;
    std::string name;
    std::string show;
    std::string by;
    std::vector<std::string> where;
    std::string range = "15m";
    bool csv = false;
};

std::string range_asked(const std::string& given) {
    using namespace std::chrono;
    const auto range = parse_duration(given);
    if (!range || *range < minutes(1) || *range > hours(6))
        throw std::invalid_argument("--range: expected how far back, from 1m to 6h, which is what a service keeps");
    return std::to_string(duration_cast<seconds>(*range).count());
}

std::string label_asked(const std::string& given) {
    const auto equals = given.find('=');
    if (equals == 0 || equals == std::string::npos)
        throw std::invalid_argument("--where: expected LABEL=VALUE");
    return given.substr(0, equals) + ":" + given.substr(equals + 1);
}

service_query query_of(const metrics_words& words) {
    service_query query{
        {"name", words.name}, {"show", words.show}, {"by", words.by}, {"range", range_asked(words.range)}};
    for (const auto& each : words.where)
        query.emplace_back("where", label_asked(each));
    return query;
}

awaitable<exit_code> list(const dashboard_client& from, const output& to) {
    const auto page = co_await from.get("/metrics");
    const auto& all = items_of(page, "items");
    json::array documents;
    std::ranges::transform(all, std::back_inserter(documents), metric_row_document_of);
    to.print(metric_list_of(all), {{"metrics", std::move(documents)}});
    co_return exit_code::ok;
}

awaitable<exit_code> draw(const dashboard_client& from, metrics_words words, const output& to) {
    const auto drawn = co_await from.get(with_query("/metrics/data", query_of(words)));
    to.print(metric_curves_of(drawn), metric_document_of(drawn));
    if (!to.json && integer_of(drawn, "more") > 0)
        to.err << "infra: " << integer_of(drawn, "more") << " more series; --where picks some\n";
    co_return exit_code::ok;
}

awaitable<exit_code> write_csv(const dashboard_client& from, metrics_words words, const output& to) {
    const auto left_out = co_await from.download(with_query("/metrics/csv", query_of(words)), to.out);
    if (left_out == 0)
        co_return exit_code::ok;
    to.err << "infra: " << left_out << " series are left out, those with the least: a table takes no more; --where "
           << "picks some\n";
    co_return exit_code::partial;
}

awaitable<exit_code> ask(metrics_words words, service_access at, const output& to) {
    const dashboard_client from(co_await asio::this_coro::executor, std::move(at));
    if (words.csv)
        co_return co_await write_csv(from, words, to);
    co_return words.name.empty() ? co_await list(from, to) : co_await draw(from, words, to);
}

void check(const metrics_words& words, const output& to) {
    if (words.csv && (words.name.empty() || to.json))
        throw std::invalid_argument("--csv: goes with the name of a metric, and without --json");
    if (words.name.empty() && (!words.show.empty() || !words.by.empty() || !words.where.empty()))
        throw std::invalid_argument("--show, --by, --where: of which metric? Name it; without a name all are listed");
}

} // namespace

void add_metrics(frame& f) {
    const auto words = std::make_shared<metrics_words>();
    auto& app =
        f.add({.name = "metrics",
               .description =
                   "Lists the metrics of a running service, or shows one over time: a curve for each series. It asks "
                   "the service's dashboard, which keeps six hours, with INFRA_ADMIN_TOKEN. None of that name "
                   "exits with 3.",
               .examples = {"infra metrics", "infra metrics http_server_request_duration_seconds --show p95 --by route",
                            "infra metrics queue_jobs_failed_total --show rate --where queue=mail --range 1h --json"}},
              [words](const output& to) {
                  return told_how_it_ends(to, [&] {
                      check(*words, to);
                      return until_interrupted(ask(*words, access_to(words->place), to));
                  });
              });
    app.add_option("name", words->name, "Which one to show");
    app.add_option("--show", words->show, "What of it; default what fits its type")
        ->type_name("value|rate|mean|p50|p90|p95|p99|quantiles");
    app.add_option("--by", words->by, "A series for each value of this label, or with * for each that there is");
    app.add_option("--where", words->where, "LABEL=VALUE: only such series; may be given again")
        ->allow_extra_args(false);
    app.add_flag("--csv", words->csv, "As a table for other tools: a row a step, a column a series");
    app.add_option("--range", words->range, "How far back")->capture_default_str();
    add_place(app, words->place);
}

} // namespace infra::cli
