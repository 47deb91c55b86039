#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "log_reading.hpp"
#include "log_shown.hpp"
#include "trace_shown.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/encoding.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

constexpr std::size_t most_lines = 1'000;

struct traces_words {
    service_place place;
    std::string trace;
    std::string slow;
    std::string name;
    std::string route;
    std::string since;
    std::size_t limit = 50;
    bool failed = false;
    bool no_probes = false;
    bool attributes = false;
    bool logs = false;
    bool otlp = false;
    bool names = false;
    bool limited = false;
};

std::string slow_asked(const std::string& given) {
    if (given.empty())
        return "";
    const auto least = parse_duration(given);
    if (!least || least->count() <= 0)
        throw std::invalid_argument("--slow: expected how long it took at least, such as 200ms");
    return std::to_string(least->count());
}

service_query query_of(const traces_words& words, wall_time now) {
    return {{"failed", words.failed ? "1" : ""},
            {"slow", slow_asked(words.slow)},
            {"name", words.name},
            {"route", words.route},
            {"probes", words.no_probes ? "0" : ""},
            {"since", since_asked(words.since, now)}};
}

awaitable<exit_code> list(const dashboard_client& from, traces_words words, const output& to) {
    const auto [all, more] = co_await from.list("/traces", query_of(words, real_clock().wall()), words.limit);
    json::array documents;
    std::ranges::transform(all, std::back_inserter(documents), trace_row_document_of);
    if (to.json || !all.empty())
        to.print(trace_list_of(all, to.colours), {{"traces", std::move(documents)}, {"more", more}});
    if (!to.json && all.empty())
        to.err << "infra: no trace of those that the service keeps is so\n";
    else if (!to.json && more)
        to.err << "infra: there are more; --limit shows them\n";
    co_return exit_code::ok;
}

awaitable<exit_code> show(const dashboard_client& from, traces_words words, const output& to) {
    const auto trace = co_await from.get("/traces/" + encoding::percent_encode(words.trace));
    auto text = waterfall_of(trace, words.attributes, to.colours);
    auto document = trace_document_of(trace).as_object();
    document["logs"] = nullptr;
    if (words.logs) {
        auto lines = co_await lines_before(from, {{"trace", words.trace}}, "", most_lines);
        std::ranges::reverse(lines);
        json::array documents;
        text += "\n";
        for (const auto& each : lines) {
            documents.push_back(log_document_of(each));
            text += "\n" + log_line_of(each, to.colours);
        }
        document["logs"] = std::move(documents);
    }
    to.print(text, document);
    co_return exit_code::ok;
}

awaitable<exit_code> list_names(const dashboard_client& from, const output& to) {
    const auto page = co_await from.get("/traces/names");
    to.print(trace_names_of(items_of(page, "items")), {{"names", items_of(page, "items")}});
    co_return exit_code::ok;
}

awaitable<exit_code> write_otlp(const dashboard_client& from, std::string trace, const output& to) {
    co_await from.download("/traces/" + encoding::percent_encode(trace) + "/otlp", to.out);
    co_return exit_code::ok;
}

void check(const traces_words& words) {
    const bool filters = words.failed || words.no_probes || !words.slow.empty() || !words.name.empty() ||
                         !words.route.empty() || !words.since.empty();
    if (!words.trace.empty() && filters)
        throw std::invalid_argument("trace: one that is named is shown whatever it is; leave the filters out");
    if (words.trace.empty() && (words.attributes || words.logs || words.otlp))
        throw std::invalid_argument("--attributes, --logs, --otlp: of which trace? Name it");
    if (words.otlp && (words.attributes || words.logs))
        throw std::invalid_argument("--otlp: has all that is known; leave --attributes and --logs out");
    if (words.names && (filters || words.limited || !words.trace.empty()))
        throw std::invalid_argument("--names: counts all that are kept; leave the rest out, --limit too");
}

awaitable<exit_code> ask(traces_words words, service_access at, const output& to) {
    const dashboard_client from(co_await asio::this_coro::executor, std::move(at));
    if (words.names)
        co_return co_await list_names(from, to);
    if (words.otlp)
        co_return co_await write_otlp(from, words.trace, to);
    co_return words.trace.empty() ? co_await list(from, words, to) : co_await show(from, words, to);
}

} // namespace

void add_traces(frame& f) {
    const auto words = std::make_shared<traces_words>();
    auto& app =
        f.add({.name = "traces",
               .description =
                   "Lists the traces that a running service keeps, what changed last first, or shows one: its spans "
                   "as a waterfall, and what the whole waited for. It asks the service's dashboard, with "
                   "INFRA_ADMIN_TOKEN. One that is not kept exits with 3.",
               .examples = {"infra traces --failed --since 1h", "infra traces --slow 200ms --route 'POST /orders'",
                            "infra traces 4bf92f3577b34da6a3ce929d0e0e4736 --logs",
                            "infra traces 4bf92f3577b34da6a3ce929d0e0e4736 --otlp > trace.json"}},
              [words](const output& to) {
                  return told_how_it_ends(to, [&] {
                      check(*words);
                      return until_interrupted(ask(*words, access_to(words->place), to));
                  });
              });
    app.add_option("trace", words->trace, "Which one to show: 32 hex digits");
    app.add_flag("-a,--attributes", words->attributes, "Of the one, what is known of each span");
    app.add_flag("--logs", words->logs, "Of the one, its lines of the log");
    app.add_flag("--otlp", words->otlp, "Of the one, all as a document for other tools: OTLP in JSON");
    app.add_flag("--names", words->names, "Which there are of what name, how many failed, and the slowest");
    app.add_flag("--failed", words->failed, "Only those with a span that failed");
    app.add_option("--slow", words->slow, "Only those that took that long, such as 200ms");
    app.add_option("--name", words->name, "Only those with this in the name of the first span");
    app.add_option("--route", words->route, "Only requests to this route, such as 'POST /orders'");
    app.add_option("--since", words->since, "Only those not older than that, such as 15m");
    app.add_flag("--no-probes", words->no_probes, "Without requests for health and metrics");
    app.add_option("-n,--limit", words->limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000))
        ->each([words](const std::string&) { words->limited = true; });
    add_place(app, words->place);
}

} // namespace infra::cli
