#include "src/traces_json.hpp"
#include "tests/expectation.hpp"

#include <infra/base/context.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace infra::otlp::detail {
namespace {

using monitoring::span_record;
using namespace std::chrono_literals;

wall_time at(std::chrono::nanoseconds since_1970) { return wall_time(since_1970); }

constexpr infra::trace_id trace{0x0af7651916cd43dd, 0x8448eb211c80319c};
constexpr infra::trace_id other_trace{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736};

batch as_in_the_peer() {
    span_record get{.context = {trace, {0xb7ad6b7169203331}, 1},
                    .parent = {0x00f067aa0ba902b7},
                    .parent_remote = true,
                    .trace_state = "rojo=1",
                    .name = "GET /users/{id}",
                    .kind = span_kind::server,
                    .start = at(1700000000s + 1ns),
                    .end = at(1700000000s + 250ms),
                    .attributes = {{"http.request.method", "GET"},
                                   {"http.response.status_code", 200},
                                   {"ok", true},
                                   {"ratio", 0.5},
                                   {"tags", json::array{"a", "b"}},
                                   {"nested", json::object{{"deep", 1}}}}};
    get.events.push_back(
        {.name = "half way", .time = at(1700000000s + 5ns), .attributes = {{"n", -3}}, .dropped_attributes = 2});
    span_record charge{.context = {trace, {0x53995c3f42cd8ad8}, 1},
                       .parent = {0xb7ad6b7169203331},
                       .name = "charge é",
                       .kind = span_kind::client,
                       .start = at(1700000000s + 10ns),
                       .end = at(1700000001s),
                       .status = span_status::error,
                       .status_description = "declined",
                       .dropped_attributes = 4,
                       .dropped_events = 5,
                       .dropped_links = 6};
    charge.links.push_back({.context = {other_trace, {0x00f067aa0ba902b7}, 1, true},
                            .attributes = {{"why", "batch"}},
                            .dropped_attributes = 1});
    span_record root{
        .context = {other_trace, {0x00f067aa0ba902b7}, 1}, .name = "root", .end = at(1ns), .status = span_status::ok};
    return {std::make_shared<span_record>(std::move(get)), std::make_shared<span_record>(std::move(charge)),
            std::make_shared<span_record>(std::move(root))};
}

// expected_traces.json is what peers/otlp/expected.mjs prints.
TEST(TracesJson, IsWhatOpenTelemetrysJavaScriptSends) {
    const auto expected = expectation("expected_traces.json");
    const auto ours = parsed(traces_json(as_in_the_peer(), {{"service.name", "shop"}, {"service.version", "1.2.3"}}));
    EXPECT_EQ(ours, expected) << json::to_text(ours);
}

TEST(TracesJson, WritesWhatJsonHasNoNumberFor) {
    const auto span = std::make_shared<span_record>(span_record{
        .context = {trace, {1}, 1},
        .attributes = {{"nan", std::nan("")}, {"inf", -HUGE_VAL}, {"big", ~std::uint64_t(0)}, {"none", nullptr}}});
    const auto text = traces_json(batch{span}, {});
    EXPECT_NE(text.find(R"({"key":"nan","value":{"doubleValue":"NaN"}})"), std::string::npos) << text;
    EXPECT_NE(text.find(R"({"doubleValue":"-Infinity"})"), std::string::npos);
    EXPECT_NE(text.find(R"({"stringValue":"18446744073709551615"})"), std::string::npos);
    EXPECT_NE(text.find(R"({"key":"none","value":{}})"), std::string::npos);
}

} // namespace
} // namespace infra::otlp::detail
