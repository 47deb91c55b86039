#include "support.hpp"

#include "src/traces/panel.hpp"

#include <infra/monitoring.hpp>

namespace infra::dashboard {
namespace {

struct traces_panel : ::testing::Test {
    monitoring::tracer spans;
    mounted on;
    void SetUp() override {
        spans.install();
        add_traces_panel(on.board(), spans, "shop");
    }
    // "<trace>", with one span inside of it.
    static std::string buy(bool fails = false) {
        telemetry::span outer("POST /orders", span_kind::server);
        telemetry::span inner("charge", span_kind::client);
        inner.set({{"card", "<script>"}});
        inner.event("asked");
        if (fails)
            inner.fail("no money");
        const auto hex = to_hex(outer.context().trace);
        return {hex.data(), hex.size()};
    }
};

TEST_F(traces_panel, ListsTraces) {
    const auto good = buy(), bad = buy(true);
    const auto all = on.get("/traces");
    ASSERT_EQ(all.at("items").as_array().size(), 2U);
    EXPECT_EQ(all.at("items").at(0).at("trace"), json::value(bad));
    EXPECT_EQ(all.at("items").at(0).at("failed"), true);
    EXPECT_EQ(all.at("items").at(0).at("name"), "POST /orders");
    EXPECT_EQ(all.at("items").at(0).at("spans"), 2);
    EXPECT_EQ(on.get("/traces?failed=1").at("items").as_array().size(), 1U);
    EXPECT_EQ(on.get("/traces?slow=60000").at("items").as_array().size(), 0U);
    EXPECT_EQ(on.get("/traces/names").at("items").at(0).at("count"), 2);
    EXPECT_EQ(on.get("/traces?limit=1").at("items").as_array().size(), 1U);
    EXPECT_EQ(on.status_of("/traces?slow=x"), 400);
}

TEST_F(traces_panel, ShowsATraceAsATree) {
    const auto id = buy(true);
    const auto trace = on.get("/traces/" + id);
    EXPECT_EQ(trace.at("trace"), json::value(id));
    EXPECT_EQ(trace.at("open"), false);
    ASSERT_EQ(trace.at("spans").as_array().size(), 2U);
    const auto& inner = trace.at("spans").at(1);
    EXPECT_EQ(inner.at("depth"), 1);
    EXPECT_EQ(inner.at("error"), "no money");
    EXPECT_EQ(inner.at("attributes").at("card"), "<script>");
    EXPECT_EQ(inner.at("events").at(0).at("name"), "asked");
    const auto whole = on.get("/traces/" + id + "/spans/" + std::string(inner.at("id").as_string()));
    EXPECT_EQ(whole.at("name"), "charge");
    EXPECT_EQ(on.status_of("/traces/" + id + "/spans/00000000000000aa"), 404);
    EXPECT_EQ(on.status_of("/traces/00000000000000000000000000000001"), 404);
    EXPECT_EQ(on.status_of("/traces/nonsense"), 400);
}

TEST_F(traces_panel, ShowsSpansThatAreOpen) {
    const telemetry::span outer("POST /orders", span_kind::server);
    {
        const telemetry::span inner("charge");
    }
    const auto hex = to_hex(outer.context().trace);
    const auto trace = on.get("/traces/" + std::string(hex.data(), hex.size()));
    EXPECT_EQ(trace.at("open"), true);
    EXPECT_EQ(trace.at("spans").at(0).at("name"), "POST /orders");
    EXPECT_EQ(trace.at("spans").at(0).at("open"), true);
}

TEST_F(traces_panel, GivesATraceAsOthersReadIt) {
    const auto id = buy();
    const auto answer = on.ask(http::method::get, "/traces/" + id + "/otlp");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.get("Content-Disposition"), "attachment; filename=\"trace-" + id + ".json\"");
    const auto document = json::parse(answer.body).value();
    const auto& spans_of = document.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans");
    EXPECT_EQ(spans_of.as_array().size(), 2U);
    EXPECT_EQ(spans_of.at(0).at("traceId"), json::value(id));
}

} // namespace
} // namespace infra::dashboard
