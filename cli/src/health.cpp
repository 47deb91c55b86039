#include "health.hpp"
#include "frame.hpp"
#include "health_history.hpp"
#include "printable.hpp"
#include "verbs.hpp"

#include <infra/base/error.hpp>
#include <infra/http_client.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <memory>

namespace infra::cli {
namespace {

// With the token a service shows messages and details too.
awaitable<http::client_response> ask(std::string url, std::string token, std::chrono::milliseconds patience) {
    const http::client client(co_await asio::this_coro::executor);
    http::headers headers{{"accept", "application/json"}};
    if (!token.empty())
        headers.set("authorization", "Bearer " + token);
    co_return co_await client.send({.url = std::move(url),
                                    .headers = std::move(headers),
                                    .deadline = deadline::after(patience),
                                    .max_response_body = std::size_t{1} << 20});
}

// What the caller wrote is wrong, in a flag or in the environment; otherwise the service could not be asked.
exit_code code_for(const boost::system::error_code& failure) {
    return failure == errc::misconfigured || failure == errc::invalid_input ? exit_code::usage : exit_code::unreachable;
}

std::string text_of(const boost::json::value& value, const char* key) {
    const auto* object = value.if_object();
    const auto* member = object ? object->if_contains(key) : nullptr;
    return member && member->is_string() ? std::string(member->get_string()) : "";
}

std::string shown_state(const std::string& state, bool colours) {
    const bool is_known = state == "healthy" || state == "degraded" || state == "unhealthy";
    const auto with = state == "healthy" ? ink::good : state == "degraded" ? ink::doubt : ink::bad;
    return painted(colours && is_known, with, printable(state));
}

struct options {
    service_place place;
    bool quiet = false;
    bool full = false;
    bool now = false;
};

exit_code show(const health_answer& answer, const options& given, const output& to) {
    if (!given.quiet)
        to.print(answer.text, answer.document);
    return answer.code;
}

exit_code act(const options& given, const output& to) {
    if (given.quiet && (given.full || given.now))
        return to.fail(exit_code::usage, "--quiet: prints nothing, and --full and --now are there to be read");
    if (given.full || given.now)
        return show_health_history(given.place, given.now, to);
    const auto patience = parse_duration(given.place.timeout);
    if (!patience)
        return to.fail(exit_code::usage, "--timeout: expected a duration such as 500ms or 5s");
    try {
        const auto env = environment::of_process();
        const auto url = health_url(given.place.url.empty() ? url_from(env) : given.place.url);
        const auto response = wait(ask(url, env.get_or("HEALTH_TOKEN", ""), *patience));
        return show(read_health(response.status, response.body, to.colours), given, to);
    } catch (const boost::system::system_error& e) {
        const auto code = code_for(e.code());
        return given.quiet && code == exit_code::unreachable ? code : to.fail(code, e.what());
    }
}

} // namespace

std::string url_from(const environment& env) {
    auto host = env.get_or("HOST", "127.0.0.1");
    if (host == "0.0.0.0")
        host = "127.0.0.1";
    if (host == "::")
        host = "::1";
    if (host.find(':') != std::string::npos)
        host = "[" + host + "]";
    return "http://" + host + ":" + std::to_string(env.integer("PORT", 3000, 1, 65535));
}

std::string health_url(std::string base) {
    const auto authority = base.find("://");
    const auto path = base.find('/', authority == std::string::npos ? 0 : authority + 3);
    if (path == std::string::npos)
        return base + "/health";
    return path + 1 == base.size() ? base + "health" : base;
}

health_answer read_health(int status, std::string_view body, bool colours) {
    boost::system::error_code not_json;
    auto document = boost::json::parse(body, not_json);
    if (not_json)
        document = nullptr;
    auto state = text_of(document, "status");
    const bool well = status >= 200 && status < 300;
    if (state.empty())
        state = well ? "healthy" : "unhealthy";
    health_answer answer{.code = well ? exit_code::ok : exit_code::unhealthy,
                         .text = shown_state(state, colours) + " (HTTP " + std::to_string(status) + ")",
                         .document = {{"http_status", status}, {"status", state}, {"report", document}}};
    const auto* object = document.if_object();
    const auto* checks = object ? object->if_contains("checks") : nullptr;
    if (!checks || !checks->is_object())
        return answer;
    std::size_t widest = 0;
    for (const auto& each : checks->get_object())
        widest = std::max(widest, each.key().size());
    for (const auto& each : checks->get_object()) {
        answer.text += "\n  " + printable(each.key()) + std::string(widest - each.key().size() + 2, ' ') +
                       shown_state(text_of(each.value(), "status"), colours);
        if (const auto message = text_of(each.value(), "message"); !message.empty())
            answer.text += "  " + printable(message);
    }
    return answer;
}

void add_health(frame& f) {
    const auto given = std::make_shared<options>();
    auto& app = f.add({.name = "health",
                       .description =
                           "Asks a service how it is. Healthy and degraded exit with 0, unhealthy with 4, no "
                           "connection with 5. With --full its dashboard tells since when, what each check says, and "
                           "its last runs; that takes INFRA_ADMIN_TOKEN.",
                       .examples = {"infra health", "infra health --url http://10.0.0.7:3000/ready",
                                    "infra health --quiet --timeout 1s        # a container's probe",
                                    "infra health --full --url http://10.0.0.7:3000"}},
                      [given](const output& to) { return act(*given, to); });
    app.add_option("--url", given->place.url, "Where it listens; default http://$HOST:$PORT, path /health");
    app.add_option("--timeout", given->place.timeout, "How long to wait for an answer")->capture_default_str();
    app.add_flag("--quiet", given->quiet, "Print nothing, only exit");
    app.add_flag("--full", given->full, "How it came to that");
    app.add_flag("--now", given->now, "The same, once all checks have run anew: otherwise it may be 5 s old");
}

} // namespace infra::cli
