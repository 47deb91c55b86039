// What a server reports: access log, metrics, spans. The tables are the process's, so one test at a time looks at them.

#include "support.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <map>

namespace infra::http {
namespace {

std::string text_of(const field_value& v) {
    switch (v.type()) {
    case field_value::kind::text: return std::string(v.text());
    case field_value::kind::signed_integer: return std::to_string(v.signed_integer());
    case field_value::kind::unsigned_integer: return std::to_string(v.unsigned_integer());
    case field_value::kind::duration: return std::to_string(v.milliseconds());
    default: return "?";
    }
}

std::string text_of(std::span<const field> fields) {
    std::string text;
    for (const auto& [key, value] : fields)
        text.append(text.empty() ? "" : " ").append(key).append("=").append(text_of(value));
    return text;
}

/// Everything reported while it lives.
struct listener {
    listener();
    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    bool logged(std::string_view line) const { return std::find(lines.begin(), lines.end(), line) != lines.end(); }
    bool traced(std::string_view text) const {
        return std::any_of(spans.begin(), spans.end(),
                           [&](const std::string& s) { return s.find(text) != std::string::npos; });
    }

    std::vector<std::string> lines;
    std::map<std::string, double> series;
    std::deque<std::string> spans;
};

listener* heard_by = nullptr;

constexpr telemetry::log_functions logs{
    .enabled = [](level, std::string_view) noexcept { return true; },
    .write =
        [](const log_record& r) noexcept {
            heard_by->lines.push_back(std::string(to_string(r.severity)) + " " + std::string(r.module) + " " +
                                      std::string(r.message) + (r.span.valid() ? " [span] " : " ") + text_of(r.fields));
        },
};

double& value_of(void* series) { return *static_cast<double*>(series); }

constexpr telemetry::meter_functions meters{
    .bind = [](const telemetry::instrument& of, std::span<const label> labels) noexcept -> void* {
        std::string name(of.name);
        for (const auto& [key, value] : labels)
            name.append(" ").append(key).append("=").append(value);
        return &heard_by->series[name];
    },
    .add = [](void* series, double amount) noexcept { value_of(series) += amount; },
    .record = [](void* series, double) noexcept { value_of(series) += 1; },
};

std::string& text_of_span(void* recording) { return *static_cast<std::string*>(recording); }

constexpr telemetry::tracer_functions tracers{
    .sample = [](trace_id, const span_context&, std::string_view, span_kind) noexcept { return true; },
    .start = [](std::string_view name, span_kind, const span_context&, span_id parent, wall_time) noexcept -> void* {
        return &heard_by->spans.emplace_back(std::string(name) + (parent ? " (child)" : ""));
    },
    .set = [](void* r, std::span<const field> f) noexcept { text_of_span(r).append(" ").append(text_of(f)); },
    .event = [](void*, std::string_view, std::span<const field>, wall_time) noexcept {},
    .status = [](void* r, span_status,
                 std::string_view why) noexcept { text_of_span(r).append(" failed: ").append(why); },
    .rename = [](void*, std::string_view) noexcept {},
    .end = [](void* r, wall_time) noexcept { text_of_span(r).append(" ended"); },
};

listener::listener() {
    heard_by = this;
    telemetry::install(&logs);
    telemetry::install(&meters);
    telemetry::install(&tracers);
}

listener::~listener() {
    telemetry::install(static_cast<const telemetry::log_functions*>(nullptr));
    telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
    telemetry::install(static_cast<const telemetry::tracer_functions*>(nullptr));
    heard_by = nullptr;
}

router routes() {
    router r;
    r.get("/users/{id}", [](const request&) { return response::text("user"); });
    r.post("/broken", []() -> awaitable<response> {
        throw std::runtime_error("why");
        co_return response();
    });
    r.get("/stream", [] {
        return response::stream("text/plain", [](body_writer out) -> awaitable<void> { co_await out.write("12345"); });
    });
    return r;
}

TEST(Exchange, WritesOneAccessLogLineARequest) {
    listener heard;
    served s(routes());
    s.exchange("GET /users/7?token=secret HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-1\r\n\r\n");
    s.exchange("GET /nothing/here HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-2\r\n\r\n");
    s.exchange("GET /stream HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-3\r\n\r\n");
    s.exchange("HEAD /users/8 HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-4\r\n\r\n");
    const auto line = [](std::string_view method, std::string_view route, std::string_view path,
                         std::string_view rest) {
        return "info http request [span] method=" + std::string(method) + " route=" + std::string(route) +
               " path=" + std::string(path) + " " + std::string(rest);
    };
    EXPECT_TRUE(heard.logged(line("GET", "/users/{id}", "/users/7",
                                  "status=200 duration_ms=0.000000 bytes=4 remote=127.0.0.1 request_id=r-1")));
    EXPECT_TRUE(heard.logged(
        line("GET", "/stream", "/stream", "status=200 duration_ms=0.000000 bytes=5 remote=127.0.0.1 request_id=r-3")));
    EXPECT_TRUE(heard.logged(line("HEAD", "/users/{id}", "/users/8",
                                  "status=200 duration_ms=0.000000 bytes=0 remote=127.0.0.1 request_id=r-4")));
    EXPECT_EQ(heard.lines.size(), 4u);
    EXPECT_NE(heard.lines[1].find("route=(unmatched) path=/nothing/here status=404"), std::string::npos);
    for (const auto& each : heard.lines)
        EXPECT_EQ(each.find("secret"), std::string::npos);
}

TEST(Exchange, TellsOfRequestsThatWereCut) {
    listener heard;
    router r;
    r.get("/wait", []() -> awaitable<response> {
        asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
        co_await timer.async_wait(asio::use_awaitable);
        co_return response();
    });
    r.get("/half", [] {
        return response::stream("text/plain", [](body_writer out) -> awaitable<void> {
            co_await out.write("half");
            throw std::runtime_error("broken");
        });
    });
    served s(std::move(r));
    s.exchange("GET /half HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-1\r\n\r\n");
    auto waiting = s.connect();
    waiting.send("GET /wait HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-2\r\n\r\n");
    const auto stop = s.loop.spawn(s.server->stop(s.time.steady()));
    ASSERT_TRUE(s.loop.until([&] { return stop->done; }));
    ASSERT_EQ(heard.lines.size(), 3u);
    EXPECT_EQ(heard.lines[0], "warn http a body failed [span] route=/half request_id=r-1 error=broken");
    EXPECT_NE(heard.lines[1].find("path=/half status=200"), std::string::npos);
    EXPECT_NE(heard.lines[1].find("bytes=4"), std::string::npos);
    EXPECT_NE(heard.lines[2].find("path=/wait status=503"), std::string::npos);
}

TEST(Exchange, LogsNothingWhenToldSo) {
    listener heard;
    served s(routes(), {.access_log = false});
    s.exchange("GET /users/7 HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(heard.lines.empty());
}

TEST(Exchange, CountsByRouteNeverByPath) {
    listener heard;
    {
        served s(routes());
        for (const auto* path : {"/users/1", "/users/2", "/users/3"})
            s.exchange("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n");
        for (const auto* path : {"/a", "/b", "/c"})
            s.exchange("BREW " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n");
        s.exchange("nonsense\r\n\r\n");
        s.exchange("POST /broken HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_EQ(heard.series["http_server_active_connections"], 0);
    }
    EXPECT_EQ(heard.series["http_server_requests_total method=GET route=/users/{id} status=200"], 3);
    EXPECT_EQ(heard.series["http_server_request_duration_seconds method=GET route=/users/{id}"], 3);
    EXPECT_EQ(heard.series["http_server_requests_total method=OTHER route=(unmatched) status=404"], 3);
    EXPECT_EQ(heard.series["http_server_requests_total method=OTHER route=(unmatched) status=400"], 1);
    EXPECT_EQ(heard.series["http_server_requests_total method=POST route=/broken status=500"], 1);
    EXPECT_EQ(heard.series["http_server_connections_total"], 8);
}

TEST(Exchange, DescribesSpansByTheConventions) {
    listener heard;
    served s(routes());
    s.exchange("GET /users/7?q HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: test\r\n"
               "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
    s.exchange("POST /broken HTTP/1.1\r\nHost: h\r\n\r\n");
    s.exchange("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(
        heard.traced("GET /users/{id} (child) http.request.method=GET http.route=/users/{id} url.path=/users/7 "
                     "url.scheme=http server.address=shop.example client.address=127.0.0.1 "
                     "network.protocol.version=1.1 user_agent.original=test http.response.status_code=200 ended"));
    EXPECT_TRUE(heard.traced("POST /broken http.request.method=POST"));
    EXPECT_TRUE(heard.traced("http.response.status_code=500 error.type=500 failed: Internal Server Error ended"));
    EXPECT_TRUE(heard.traced("GET http.request.method=GET"));
}

} // namespace
} // namespace infra::http
