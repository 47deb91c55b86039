#include "reached.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/http_client.hpp>
#include <infra/otlp.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace infra::cli::doctor {
namespace {

struct collector {
    std::string url;
    http::headers headers;
    std::string nothing; ///< an export without anything in it
};

template <class Options>
void add_if(std::vector<collector>& to, const Options& o, const std::string& url, const char* nothing) {
    to.push_back({url, o.headers, nothing});
}

// What is set wrongly is told by the check of settings.
std::vector<collector> collectors_of(const environment& variables) {
    std::vector<collector> all;
    try {
        if (const auto o = otlp::options_from(variables))
            add_if(all, *o, o->traces_url, R"({"resourceSpans":[]})");
        if (const auto o = otlp::metrics_options_from(variables))
            add_if(all, *o, o->url, R"({"resourceMetrics":[]})");
        if (const auto o = otlp::logs_options_from(variables))
            add_if(all, *o, o->url, R"({"resourceLogs":[]})");
    } catch (const error&) {
    }
    return all;
}

awaitable<findings> ask(collector of, std::chrono::milliseconds patience) {
    const http::client client(co_await asio::this_coro::executor, {.connect_timeout = patience});
    otlp_facts facts{.about = encoding::shown_url(of.url)};
    facts.about.resize(std::min(facts.about.find('?'), facts.about.size()));
    auto headers = of.headers;
    headers.set("content-type", "application/json");
    try {
        const auto response = co_await client.send({.method = http::method::post,
                                                    .url = of.url,
                                                    .headers = std::move(headers),
                                                    .body = of.nothing,
                                                    .deadline = deadline::after(patience)});
        facts.status = response.status;
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        facts.problem = e.what();
    }
    co_return judge_otlp(facts);
}

} // namespace

findings judge_otlp(const otlp_facts& f) {
    const std::string lost = "what it is for stays in the process, and is lost with it";
    if (!f.problem.empty())
        return {failure(f.about, f.problem, lost,
                        "see that the collector runs and has a receiver otlp with http (port 4318; 4317 speaks gRPC)")};
    const auto answers = "answers " + std::to_string(f.status);
    if (f.status >= 200 && f.status < 300)
        return {well(f.about, "takes what it is sent")};
    if (f.status == 401 || f.status == 403)
        return {failure(f.about, answers, lost, "see OTEL_EXPORTER_OTLP_HEADERS, where keys are")};
    if (f.status == 429 || f.status >= 500)
        return {warning(f.about, answers, "it is there, and does not take anything now", "see its log")};
    return {failure(f.about, answers, lost,
                    "see the path: OTEL_EXPORTER_OTLP_ENDPOINT gets /v1/traces and so on behind it, those of single "
                    "signals do not")};
}

std::string no_otlp(const situation& at) {
    return collectors_of(at.variables).empty() ? "telemetry is not sent anywhere" : "";
}

awaitable<findings> look_at_otlp(situation at) {
    const auto collectors = collectors_of(at.variables);
    const auto patience = at.patience * 9 / 10 / static_cast<int>(collectors.size());
    findings all;
    for (const auto& each : collectors) {
        auto found = co_await ask(each, patience);
        std::ranges::move(found, std::back_inserter(all));
    }
    co_return all;
}

} // namespace infra::cli::doctor
