#include "../src/freshness.hpp"

#include <gtest/gtest.h>

namespace infra::cache {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t t0 = 1'000'000;

/// Made at t0, fresh for 100 ms, dead at t0 + 1000 ms.
std::optional<found_value> value(envelope e = {}) {
    e.created_ms = t0;
    e.fresh_until_ms = t0 + 100;
    e.dead_at_ms = t0 + 1000;
    return found_value{{"1"}, e};
}

TEST(CacheFreshness, DecidesWhatIsDoneWithWhatWasFound) {
    const load_options plain{}, stale{.stale = 50ms}, eager{.eager = 0.8}, both{.stale = 50ms, .eager = 0.8};
    struct {
        const char* name;
        std::optional<found_value> found;
        std::int64_t after_ms;
        const load_options& options;
        bool takes_none;
        verdict expected;
    } const cases[] = {
        {"nothing", std::nullopt, 0, both, true, verdict::load},
        {"bare", found_value{{"1"}, {}}, 10'000, both, false, verdict::serve},
        {"fresh", value(), 99, plain, false, verdict::serve},
        {"over", value(), 100, plain, false, verdict::load},
        {"stale", value(), 100, stale, false, verdict::serve_and_refresh},
        {"stale to the last", value(), 149, stale, false, verdict::serve_and_refresh},
        {"past stale", value(), 150, stale, false, verdict::load},
        {"before eager", value(), 79, eager, false, verdict::serve},
        {"eager", value(), 80, eager, false, verdict::serve_and_refresh},
        {"made before the clock was set back", value(), -100'000, plain, false, verdict::load},
        {"and may be served stale", value(), -100'000, stale, false, verdict::serve_and_refresh},
        {"made by a machine that is a little ahead", value(), -1'000, plain, false, verdict::serve},
        {"eager but armed again", value({.rearmed = true}), 90, eager, false, verdict::serve},
        {"an absence for who knows it", value({.none = true}), 90, both, true, verdict::serve},
        {"an absence for who does not", value({.none = true}), 10, both, false, verdict::load},
        {"a clock put back", value(), -50, both, false, verdict::serve},
    };
    for (const auto& each : cases)
        EXPECT_EQ(judge(each.found, t0 + each.after_ms, each.options, each.takes_none), each.expected) << each.name;
}

TEST(CacheFreshness, AnOldValueStandsInWithinItsGrace) {
    const load_options grace{.grace = 900ms};
    EXPECT_TRUE(may_stand_in(value(), t0 + 999, grace));
    EXPECT_FALSE(may_stand_in(value(), t0 + 1000, grace));
    EXPECT_FALSE(may_stand_in(value(), t0 + 200, {}));
    EXPECT_FALSE(may_stand_in(value({.none = true}), t0 + 200, grace));
    EXPECT_FALSE(may_stand_in(std::nullopt, t0, grace));
}

TEST(CacheFreshness, WhatTheTtlSaysNeedsNoEnvelope) {
    EXPECT_TRUE(plan_set(t0, 1s, false, {}).bare);
    EXPECT_TRUE(plan_loaded(t0, 1s, {}, 0.5, payload{"1"}, {}).bare);
    EXPECT_TRUE(plan_loaded(t0, 1s, {.jitter = 0.1, .none_ttl = 1s}, 0.5, payload{"1"}, {}).bare);
}

TEST(CacheFreshness, WhatItDoesNotSayNeedsOne) {
    EXPECT_FALSE(plan_set(t0, 1s, true, {}).bare);
    EXPECT_FALSE(plan_set(t0, 1s, false, {{"t", 1}}).bare);
    EXPECT_FALSE(plan_loaded(t0, 1s, {.stale = 1s}, 0, payload{"1"}, {}).bare);
    EXPECT_FALSE(plan_loaded(t0, 1s, {.grace = 1s}, 0, payload{"1"}, {}).bare);
    EXPECT_FALSE(plan_loaded(t0, 1s, {.eager = 0.5}, 0, payload{"1"}, {}).bare);
    EXPECT_FALSE(plan_loaded(t0, 1s, {}, 0, std::nullopt, {}).bare);
}

TEST(CacheFreshness, TheStoreKeepsAsLongAsAnybodyMayServe) {
    const auto plan = plan_loaded(t0, 100ms, {.stale = 50ms, .grace = 300ms}, 0, payload{"1"}, {});
    EXPECT_EQ(plan.cover.fresh_until_ms, t0 + 100);
    EXPECT_EQ(plan.cover.dead_at_ms, t0 + 400);
    EXPECT_EQ(plan.ttl, 400ms);
    const auto none = plan_loaded(t0, 100ms, {.grace = 300ms}, 0, std::nullopt, {});
    EXPECT_EQ(none.ttl, 100ms);
}

TEST(CacheFreshness, JitterOnlyShortens) {
    for (const double lot : {0.0, 0.25, 0.999999}) {
        const auto plan = plan_loaded(t0, 1000ms, {.jitter = 0.2}, lot, payload{"1"}, {});
        EXPECT_LE(plan.ttl, 1000ms);
        EXPECT_GE(plan.ttl, 800ms);
    }
    EXPECT_EQ(plan_loaded(t0, 1000ms, {.jitter = 0.5}, 0.5, payload{"1"}, {}).ttl, 750ms);
    EXPECT_EQ(plan_loaded(t0, 1ms, {.jitter = 1}, 0.99, payload{"1"}, {}).ttl, 1ms);
}

TEST(CacheFreshness, ForEverStaysForEver) {
    const auto plan = plan_loaded(t0, forever, {.stale = 1s, .grace = forever, .jitter = 0.5}, 0.5, payload{"1"}, {});
    EXPECT_EQ(plan.ttl, forever);
    EXPECT_EQ(plan.cover.fresh_until_ms, never_ms);
    EXPECT_EQ(plan.cover.dead_at_ms, never_ms);
}

TEST(CacheFreshness, ArmingAgainTakesNothingFromAFreshValue) {
    envelope old{.created_ms = t0, .fresh_until_ms = t0 + 3'600'000, .dead_at_ms = t0 + 7'200'000};
    EXPECT_EQ(plan_rearmed(t0 + 2'900'000, old, 30s).cover.fresh_until_ms, t0 + 3'600'000);
}

TEST(CacheFreshness, ArmingAgainNeverOutlivesTheEnd) {
    const auto old = *value()->cover;
    const auto soon = plan_rearmed(t0 + 200, old, 300ms);
    EXPECT_TRUE(soon.cover.rearmed);
    EXPECT_EQ(soon.cover.fresh_until_ms, t0 + 500);
    EXPECT_EQ(soon.cover.created_ms, t0);
    EXPECT_EQ(soon.ttl, 800ms);
    const auto late = plan_rearmed(t0 + 900, old, 30s);
    EXPECT_EQ(late.cover.fresh_until_ms, t0 + 1000);
    EXPECT_EQ(late.cover.dead_at_ms, t0 + 1000);
    EXPECT_EQ(late.ttl, 100ms);
}

} // namespace
} // namespace infra::cache
