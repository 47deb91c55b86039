#include "bearer.hpp"
#include "wiring.hpp"

#include <utility>

namespace infra::app {
namespace {

using namespace std::chrono_literals;
using health_visitor = std::function<bool(const http::request&)>;

http::response to_response(health::http_answer answer) {
    auto response = http::response::of(answer.status, answer.content_type, std::move(answer.body));
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("Vary", "Accept, Authorization");
    return response;
}

/// Answers probes.
struct health_page {
    std::string service;
    std::string version;
    health_visitor may_see;

    awaitable<http::response> show(http::request req, std::string group) const {
        const auto report = co_await health::run_health_checks(std::move(group));
        const auto detail = may_see(req) ? health::report_detail::full : health::report_detail::statuses;
        co_return to_response(health::to_http(
            report,
            {.accept = std::string(req.header("accept")), .detail = detail, .service = service, .version = version}));
    }
};

void register_checks() {
    health::register_health_check("memory", health::memory_health_check);
    health::register_health_check("open files", health::open_files_check(), {.critical = false});
    // What it finds a restart would mend; a loop that is busy for a moment is none of that.
    health::register_health_check("loop lag", health::loop_lag_check({.degraded_above = 1s, .unhealthy_above = 5s}),
                                  {.timeout = 10s, .every = 10s, .groups = {"live"}, .worse_after = 2});
}

} // namespace

void phase::set(health::service_state s) {
    state_ = s;
    health::default_registry().set_state(s);
}

void wire_health(wiring& w) {
    w.now->set(health::service_state::starting);
    register_checks();
    const auto page = std::make_shared<const health_page>(health_page{
        .service = w.options.name,
        .version = w.options.version,
        .may_see = w.options.may_see_health ? w.options.may_see_health : with_token(w.env.get_or("HEALTH_TOKEN", ""))});
    w.routes.get("/health", [page](http::request req) { return page->show(std::move(req), ""); });
    w.routes.get("/ready", [page](http::request req) { return page->show(std::move(req), "ready"); });
    w.routes.get("/health/{group}", [page](http::request req) -> awaitable<http::response> {
        std::string group(req.param("group"));
        if (!health::default_registry().has_group(group))
            co_return http::response::not_found("no check is in that group");
        co_return co_await page->show(std::move(req), std::move(group));
    });
}

} // namespace infra::app
