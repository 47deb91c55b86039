#include "wiring.hpp"

namespace infra::app {

void wire_monitoring(wiring& w) {
    monitoring::install();
    w.routes.get("/metrics", [](const http::request& req) {
        auto exposed = monitoring::expose(req.header("accept"));
        auto response = http::response::of(200, exposed.content_type, std::move(exposed.body));
        response.headers.set("Cache-Control", "no-store");
        return response;
    });
    w.chosen.push_back({.module = "monitoring", .backend = "in process, /metrics"});
}

} // namespace infra::app
