#include "top_source.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <utility>

namespace infra::cli::top {
namespace {

constexpr std::size_t most_metrics = std::size_t{32} << 20;
constexpr std::size_t most_document = std::size_t{4} << 20; // which takes many times that once it is parsed
constexpr std::size_t looks_between_channels = 5;           // a list of names for one number
constexpr int most_channels = 200;

double unix_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string said(std::string_view path, const http::client_response& answer) {
    return "GET " + std::string(path) + " was answered with " + std::to_string(answer.status);
}

json::value document_in(const http::client_response& answer) {
    auto document = json::parse(answer.body, {.max_bytes = most_document, .max_depth = 40});
    return document ? *std::move(document) : json::value();
}

/// Operators are told nothing, and asking again would not help.
class refusal : public error {
public:
    explicit refusal(std::string why) : error(errc::misconfigured, std::move(why)) {}
};

} // namespace

std::string shown_url(std::string_view url) {
    const auto begin = url.find("://") == std::string_view::npos ? 0 : url.find("://") + 3;
    const auto end = std::min(url.find_first_of("/?#", begin), url.size());
    const auto user = url.substr(begin, end - begin).rfind('@');
    const auto from = user == std::string_view::npos ? begin : begin + user + 1;
    return std::string(url.substr(0, begin)) +
           std::string(url.substr(from, std::min(url.find_first_of("?#", from), url.size()) - from));
}

source::source(executor ex, source_options options) : options_(std::move(options)), client_(std::move(ex)) {}

awaitable<reading> source::look() {
    const auto until = deadline::after(options_.patience);
    reading made;
    try {
        const auto metrics = co_await ask("/metrics", "", until);
        made.at = std::chrono::steady_clock::now();
        if (metrics.status != 200 && metrics.status != 404)
            throw error(errc::unavailable, said("/metrics", metrics));
        if (metrics.status == 404 || !add_metrics(made, metrics.body))
            throw error(errc::invalid_input,
                        "GET /metrics gives no metrics; is this the address of a service of infra?");
    } catch (...) {
        refused_.clear(); // who comes back may be another
        session_ = nullptr;
        throw;
    }
    try {
        const auto health = co_await ask("/health", options_.health_token, until);
        if (health.status == 404)
            made.note = "the service has no /health";
        else
            add_health(made, health.status, document_in(health));
        co_await add_for_operators(made, until);
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        made.note = e.what();
    }
    ++looks_;
    co_return made;
}

awaitable<http::client_response> source::ask(std::string path, std::string token, deadline until) const {
    const bool metrics = path == "/metrics";
    http::client_request request{
        .url = options_.url + path, .deadline = until, .max_response_body = metrics ? most_metrics : most_document};
    request.headers.set("accept", metrics ? "text/plain;version=0.0.4" : "application/json");
    if (!token.empty())
        request.headers.set("authorization", "Bearer " + token);
    co_return co_await client_.send(std::move(request));
}

awaitable<json::value> source::ask_operators(std::string path, deadline until) const {
    const auto answer = co_await ask("/infra/api" + path, options_.admin_token, until);
    if (answer.status == 401 || answer.status == 403 || answer.status == 429)
        throw refusal("jobs and what needs attention are not shown: the service refuses INFRA_ADMIN_TOKEN");
    if (answer.status == 404)
        throw refusal("jobs and what needs attention are not shown: the service has no dashboard under /infra");
    if (answer.status != 200)
        throw error(errc::io, said("/infra/api" + path, answer));
    co_return document_in(answer);
}

awaitable<void> source::add_for_operators(reading& to, deadline until) {
    if (options_.admin_token.empty())
        refused_ = "set INFRA_ADMIN_TOKEN to what the service has, to see jobs of all states and what needs attention";
    if (!refused_.empty()) {
        to.note = refused_;
        co_return;
    }
    try {
        if (session_.is_null()) {
            session_ = co_await ask_operators("/session", until);
            const auto* now = session_.is_object() ? session_.get_object().if_contains("now") : nullptr;
            clock_ahead_ = now && now->is_int64() ? static_cast<double>(now->get_int64()) - unix_ms() : 0;
        }
        add_session(to, session_);
        add_overview(to, co_await ask_operators("/overview", until));
        add_checks(to, co_await ask_operators("/health", until));
        add_queues(to, co_await ask_operators("/queues", until), unix_ms() + clock_ahead_);
        if (looks_ % looks_between_channels == 0 || channels_.is_null())
            channels_ = co_await ask_operators("/realtime/channels?limit=" + std::to_string(most_channels), until);
        add_channels(to, channels_);
    } catch (const refusal& e) {
        refused_ = e.what();
        to.note = refused_;
    }
}

} // namespace infra::cli::top
