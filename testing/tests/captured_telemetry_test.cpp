#include <infra/testing/captured_telemetry.hpp>

#include <infra/base/telemetry.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace infra::testing {
namespace {

using namespace std::chrono_literals;
using telemetry::instrument_kind;
using strings = std::vector<std::string>;

const telemetry::instrument orders{.name = "shop_orders_total", .help = "Orders."};
const telemetry::instrument waiting{.kind = instrument_kind::gauge, .name = "shop_waiting", .help = "Carts."};
const telemetry::instrument prices{.kind = instrument_kind::histogram, .name = "shop_price", .help = "Prices."};
const telemetry::instrument others{.name = "pool_calls_total", .help = "Not the shop's."};

TEST(CapturedTelemetry, KeepsLinesAndSpansInTheirOrder) {
    const captured_telemetry told;
    {
        telemetry::span span("buy");
        span.set({{"cart", 7}, {"gift", true}});
        telemetry::log(level::info, "shop", "sold", {{"what", "tea"}, {"after", 20ms}});
        span.event("packed", {{"boxes", 2u}});
        span.rename("buy tea");
        span.fail("no tea");
    }
    EXPECT_EQ(told.lines(), (strings{"span: buy", "set: cart=7 gift=true", "log: sold what=tea after=20",
                                     "event: packed boxes=2", "renamed: buy tea", "failed: no tea", "end"}));
}

TEST(CapturedTelemetry, SumsCountersHoldsGaugesAndCountsObservations) {
    const captured_telemetry told("shop_");
    const telemetry::series sold(orders, {{"country", "de"}}), carts(waiting), paid(prices), called(others);
    sold.add(2);
    sold.add();
    carts.add(5);
    carts.record(3);
    paid.record(99.5);
    paid.record(1);
    called.add();
    EXPECT_EQ(told.counts(), (std::map<std::string, double>{
                                 {"shop_orders_total country=de", 3}, {"shop_price", 2}, {"shop_waiting", 3}}));
    EXPECT_EQ(told.counted("shop_orders_total country=fr"), 0);
}

TEST(CapturedTelemetry, ShowsAllToWhoeverSearchesIt) {
    captured_telemetry told("shop_");
    telemetry::log(level::debug, "shop", "a", {{"key", "s3cret"}});
    const telemetry::series sold(orders, {{"country", "de"}});
    sold.add();
    EXPECT_EQ(told.everything(), "log: a key=s3cret\nshop_orders_total country=de\n");
    told.clear_lines();
    EXPECT_EQ(told.everything(), "shop_orders_total country=de\n");
}

TEST(CapturedTelemetry, HearsNothingOfBeforeAndAfter) {
    const telemetry::series sold(orders);
    std::optional<captured_telemetry> told(std::in_place);
    sold.add();
    telemetry::log(level::info, "shop", "first");
    told.reset();
    sold.add();
    telemetry::log(level::info, "shop", "unheard");
    told.emplace();
    EXPECT_EQ(told->lines(), strings());
    EXPECT_EQ(told->counts(), (std::map<std::string, double>()));
    sold.add();
    EXPECT_EQ(told->counted("shop_orders_total"), 1);
}

TEST(CapturedTelemetry, HearsManyThreads) {
    const captured_telemetry told;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([] {
            const telemetry::series sold(orders);
            for (int n = 0; n < 100; ++n) {
                sold.add();
                telemetry::log(level::info, "shop", "sold");
            }
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(told.counted("shop_orders_total"), 400);
    EXPECT_EQ(told.lines().size(), 400u);
}

} // namespace
} // namespace infra::testing
