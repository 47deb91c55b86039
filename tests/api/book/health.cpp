// What docs/health.md shows.

#include "../support.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

// [health]
#include <infra/health.hpp>

infra::awaitable<void> ping_bank() {
    co_return; // whatever is thrown means unhealthy, with its words
}

void register_checks(infra::health::registry& checks) {
    checks.add("disk", infra::health::disk_check({.path = "/var", .degraded_above = 0.8}));
    checks.add("bank", ping_bank, {.timeout = 500ms, .critical = false, .every = 10s});
    checks.add("stock", [] { return infra::health::degraded("the list is a day old"); });
}
// [/health]

TEST(BookHealth, ReportsWhatThePageRegisters) {
    infra::health::registry checks;
    register_checks(checks);
    const auto report = infra::wait(checks.run());
    EXPECT_EQ(report.checks.size(), 3U);
    EXPECT_EQ(report.checks.at("stock").message, "the list is a day old");
}
