// Counting and tracing, in every spelling.

#include "support.hpp"

#include <infra/monitoring.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace api {
namespace {

double value_of(std::string_view name) {
    for (const auto& each : infra::monitoring::get_all_metrics())
        if (each.name == name)
            return each.value;
    return NAN;
}

TEST(ApiMonitoring, CountsInEverySpelling) {
    using namespace infra::monitoring;
    clear_metrics();
    const std::vector<int> pending(7);
    const std::string path = "/api/users";
    const label_map kept{{"template", "welcome"}};

    increment("plain");
    increment("empty", {});
    increment("by", 5);
    increment("labelled", {{"method", "GET"}});
    increment("labelled_by", 5, {{"method", "GET"}, {"path", path}});
    increment("by_double", 0.5, {});
    increment(std::string("kept"), kept);
    increment("mixed", {{"status", 200}, {"ok", true}, {"path", path + "/1"}, {"view", std::string_view(path)}});
    gauge("active", 42);
    gauge("depth", pending.size());
    gauge("float", 1.5F, {{"a", "b"}});
    observe("duration_ms", 150, {{"path", path}});
    observe("seconds", 0.25);

    for (const auto* name : {"plain", "empty", "labelled", "kept", "mixed"})
        EXPECT_EQ(value_of(name), 1) << name;
    EXPECT_EQ(value_of("by"), 5);
    EXPECT_EQ(value_of("labelled_by"), 5);
    EXPECT_EQ(value_of("depth"), 7);
    for (const auto& each : get_all_metrics()) {
        if (each.name == "mixed")
            EXPECT_EQ(each.labels,
                      (label_map{{"ok", "true"}, {"path", "/api/users/1"}, {"status", "200"}, {"view", path}}));
        if (each.name == "labelled")
            EXPECT_EQ(each.labels, (label_map{{"method", "GET"}}));
    }

    const auto requests = bind_counter("bound", {{"method", "GET"}});
    requests.increment();
    requests.increment(2);
    bind_gauge("bound_gauge").set(pending.size());
    bind_histogram("bound_histogram", {}, {.buckets = {0.1, 1}}).observe(0.5);
    EXPECT_EQ(value_of("bound"), 3);
    const auto [content_type, body, content_encoding] = expose("text/plain");
    EXPECT_EQ(content_encoding, "");
    EXPECT_TRUE(content_type.starts_with("text/plain"));
    EXPECT_NE(body.find("plain_total 1\n"), std::string::npos);
    EXPECT_NE(expose().body.find("labelled_total{method=\"GET\"} 1\n"), std::string::npos);
}

static_assert(!std::is_constructible_v<infra::monitoring::label, const char*, int*>);
static_assert(!std::is_constructible_v<infra::monitoring::label, const char*, double>);

TEST(ApiMonitoring, NestsSpans) {
    using namespace infra::monitoring;
    install();
    auto outer = start_span("processOrder");
    EXPECT_TRUE(set_span_attributes(outer.span_id, {{"order_id", 17}, {"user_id", long_text("u")}}));
    {
        infra::monitoring::span inner("charge", {.kind = span_kind::client, .attributes = {{"provider", "x"}}});
        inner.set({{"a", "b"}});
        inner.fail(std::runtime_error("declined"));
        const auto active = get_active_span();
        EXPECT_EQ(active->span_id, inner.id());
        EXPECT_EQ(active->trace_id, outer.trace_id);
        EXPECT_EQ(active->parent_span_id, outer.span_id);
        EXPECT_EQ(active->attributes.at("error"), "declined");
    }
    EXPECT_EQ(get_active_span()->name, "processOrder");
    EXPECT_TRUE(end_span(outer.span_id));
    EXPECT_FALSE(end_span(outer.span_id));
    EXPECT_FALSE(get_active_span());
}

} // namespace
} // namespace api
