#include <infra/http_client.hpp>

#include "tests/support.hpp"
#include "tests/telemetry_recorder.hpp"

#include <infra/base/propagation.hpp>

#include <gtest/gtest.h>

namespace infra::http {
namespace {

struct ClientTelemetry : ::testing::Test {
    const telemetry_recorder recorder;
    test_loop loop;
    std::string seen;
    const test_server server{loop.get_executor(), answering([this](std::string request) {
                                 seen = std::move(request);
                                 return response(seen.starts_with("GET /missing") ? 404 : 200, "");
                             })};
    const client http{loop.get_executor(), {.max_redirects = 1}};
};

TEST_F(ClientTelemetry, MakesASpanWithoutSecrets) {
    const auto url = "http://ann:s3cret@" + server.authority() + "/path?key=s3cret";
    ASSERT_TRUE(loop.run(http.send({.method = method::put, .url = url, .headers = {{"x-key", "s3cret"}}}))->value);
    ASSERT_EQ(recorder.spans().size(), 1u);
    const auto& span = recorder.spans()[0];
    EXPECT_EQ(span.name, "PUT");
    EXPECT_EQ(span.kind, span_kind::client);
    EXPECT_TRUE(span.ended);
    EXPECT_EQ(span.status, span_status::unset);
    EXPECT_EQ(span.attributes, (std::map<std::string, std::string>{
                                   {"http.request.method", "PUT"},
                                   {"server.address", "127.0.0.1"},
                                   {"server.port", std::to_string(server.port())},
                                   {"url.full", server.url("/path?key=REDACTED")},
                                   {"http.response.status_code", "200"},
                               }));
}

TEST_F(ClientTelemetry, SendsTheSpanAsTraceparent) {
    ASSERT_TRUE(loop.run(http.send({.url = server.url()}))->value);
    EXPECT_EQ(field_of(seen, "traceparent"), format_traceparent(recorder.spans()[0].self));

    const std::string own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    ASSERT_TRUE(loop.run(http.send({.url = server.url(), .headers = {{"Traceparent", own}}}))->value);
    EXPECT_EQ(field_of(seen, "Traceparent"), own);

    const client quiet(loop.get_executor(), {.propagate_trace = false});
    ASSERT_TRUE(loop.run(quiet.send({.url = server.url()}))->value);
    EXPECT_EQ(seen.find("traceparent"), std::string::npos);
}

TEST_F(ClientTelemetry, SendsTheStateAndBaggageOfTheTrace) {
    const context_scope in(extract({.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                    .tracestate = "rojo=1",
                                    .baggage = "tenant=acme"}));
    ASSERT_TRUE(loop.run(http.send({.url = server.url()}))->value);
    EXPECT_EQ(parse_traceparent(field_of(seen, "traceparent"))->trace,
              (trace_id{0x0af7651916cd43dd, 0x8448eb211c80319c}));
    EXPECT_EQ(field_of(seen, "tracestate"), "rojo=1");
    EXPECT_EQ(field_of(seen, "baggage"), "tenant=acme");

    ASSERT_TRUE(loop.run(http.send({.url = server.url(), .headers = {{"Baggage", "own=1"}}}))->value);
    EXPECT_EQ(field_of(seen, "Baggage"), "own=1");
}

awaitable<span_context> send_and_tell_the_span_after(const client& http, std::string url) {
    const telemetry::span outer("work");
    co_await http.send({.url = url});
    EXPECT_EQ(current_span(), outer.context());
    co_await http.send({.url = url});
    co_return current_span();
}

TEST_F(ClientTelemetry, IsAChildOfTheActiveSpanAndGivesItBack) {
    const auto outer = loop.run(send_and_tell_the_span_after(http, server.url()));
    ASSERT_TRUE(outer->value) << outer->what();
    ASSERT_EQ(recorder.spans().size(), 3u);
    EXPECT_EQ(*outer->value, recorder.spans()[0].self);
    for (const std::size_t i : {1u, 2u}) {
        EXPECT_EQ(recorder.spans()[i].parent, recorder.spans()[0].self.span);
        EXPECT_EQ(recorder.spans()[i].self.trace, recorder.spans()[0].self.trace);
    }
}

TEST_F(ClientTelemetry, MarksErrorsAndCountsEachEnd) {
    ASSERT_TRUE(loop.run(http.send({.url = server.url("/missing")}))->value);
    const test_server cut(loop.get_executor(), writing("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"));
    ASSERT_EQ(loop.run(http.send({.url = cut.url()}))->code(), client_errc::lost);

    EXPECT_EQ(recorder.spans()[0].status, span_status::error);
    EXPECT_EQ(recorder.spans()[1].status, span_status::error);
    EXPECT_EQ(recorder.spans()[1].attributes.at("error.type"), "lost");
    EXPECT_EQ(recorder.spans()[1].description,
              "GET " + cut.authority() + ": the connection ended too early while receiving the response");
    EXPECT_EQ(recorder.touched(), (std::map<std::string, int>{
                                      {"http_client_requests_total{method=GET,host=127.0.0.1,status=404}", 1},
                                      {"http_client_requests_total{method=GET,host=127.0.0.1,status=lost}", 1},
                                      {"http_client_request_duration_seconds{method=GET,host=127.0.0.1}", 2},
                                  }));
}

awaitable<client_response> send_suppressed(const client& http, std::string url) {
    const context_scope quiet(context::current().with_telemetry_suppressed());
    co_return co_await http.send({.url = std::move(url)});
}

TEST_F(ClientTelemetry, KeepsSilentForAnExportersRequests) {
    ASSERT_TRUE(loop.run(send_suppressed(http, server.url()))->value);
    EXPECT_TRUE(recorder.spans().empty());
    EXPECT_TRUE(recorder.touched().empty());
    EXPECT_EQ(seen.find("traceparent"), std::string::npos);
}

} // namespace
} // namespace infra::http
