#include "wiring.hpp"

namespace infra::app {
namespace {

http::response answer(const health::health_report& report) {
    auto response = http::response::json(report.http_status(), json::value(report.to_json()));
    response.headers.set("Cache-Control", "no-store");
    return response;
}

http::response not_ready() {
    auto response = http::response::json(503, {{"status", "unhealthy"}, {"message", "starting or stopping"}});
    response.headers.set("Cache-Control", "no-store");
    return response;
}

} // namespace

// `/ready` is a state first: it turns before the listener closes, so that a balancer looks elsewhere in time.
void wire_health(wiring& w) {
    health::register_health_check("memory", health::memory_health_check);
    w.routes.get("/health",
                 []() -> awaitable<http::response> { co_return answer(co_await health::run_health_checks()); });
    w.routes.get("/ready", [now = w.now]() -> awaitable<http::response> {
        if (!now->ready)
            co_return not_ready();
        co_return answer(co_await health::run_health_checks());
    });
}

} // namespace infra::app
