#include "panel.hpp"

namespace infra::dashboard {
namespace {

level severity_of(health::health_status now) noexcept {
    switch (now) {
    case health::health_status::healthy: return level::info;
    case health::health_status::degraded: return level::warn;
    default: return level::error;
    }
}

news news_of_change(const health::status_change& change) {
    auto text = (change.check.empty() ? "the service" : change.check) + " was " + std::string(to_string(change.was)) +
                ", is " + std::string(to_string(change.is));
    if (!change.message.empty())
        text += ": " + change.message;
    return {.kind = "health", .severity = severity_of(change.is), .text = std::move(text), .link = "#/health"};
}

} // namespace

void add_health_panel(board on, health_watch watch) {
    on.page("health");
    on.show("/health", [watch](http::request) mutable -> awaitable<http::response> {
        const auto seen = co_await watch.look();
        co_return http::response::ok(watch.document_of(seen));
    });
    on.act(http::method::post, "/health/run", "run the checks",
           [watch](acting, http::request) mutable -> awaitable<http::response> {
               const auto seen = co_await watch.run_now();
               co_return http::response::ok(watch.document_of(seen));
           });
    on.live("health", [watch]() mutable -> awaitable<json::value> {
        const auto seen = co_await watch.look();
        co_return watch.document_of(seen);
    });
    watch.on_change([on](const health::status_change& change) { on.tell(news_of_change(change)); });
}

} // namespace infra::dashboard
