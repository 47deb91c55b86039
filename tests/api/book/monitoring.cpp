// What docs/monitoring.md shows.

#include "../support.hpp"

#include <gtest/gtest.h>

// [monitoring]
#include <infra/monitoring.hpp>

infra::awaitable<void> charge(int order, double euros) {
    infra::monitoring::span work("charge", {.attributes = {{"order", order}}}); // log lines of it carry its trace id
    infra::monitoring::increment("charges_total", {{"provider", "bank"}});
    infra::monitoring::observe("charge_euros", euros);
    co_return;
}

static const auto charges = infra::monitoring::bind_counter("charges_total", {{"provider", "cash"}}); // 2 ns each
// [/monitoring]

TEST(BookMonitoring, CountsWhatThePageCounts) {
    infra::wait(charge(17, 9.5));
    charges.increment();
    const auto exposed = infra::monitoring::expose("", "");
    EXPECT_NE(exposed.body.find("charges_total{provider=\"bank\"} 1"), std::string::npos);
    EXPECT_NE(exposed.body.find("charges_total{provider=\"cash\"} 1"), std::string::npos);
}
