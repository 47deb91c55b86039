#include "wiring.hpp"

namespace infra::app {

void wire_monitoring(wiring& w) {
    monitoring::install();
    w.routes.get("/metrics", [](const http::request& req) {
        auto exposed = monitoring::expose(req.header("accept"), req.header("accept-encoding"));
        auto response = http::response::of(200, exposed.content_type, std::move(exposed.body));
        response.headers.set("Cache-Control", "no-store");
        response.headers.set("Vary", "Accept, Accept-Encoding");
        if (!exposed.content_encoding.empty())
            response.headers.set("Content-Encoding", exposed.content_encoding);
        return response;
    });
    w.chosen.push_back({.module = "monitoring", .backend = "in process, /metrics"});
}

} // namespace infra::app
