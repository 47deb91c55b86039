#include <infra/health.hpp>

#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <stdexcept>

#include <unistd.h>

namespace infra::health {
namespace {

TEST(Health, AnswersFromAnyLoopOrThread) {
    register_health_check("memory", memory_health_check);
    register_health_check("lenient", memory_health_check.with({.degraded_above = 0.99, .unhealthy_above = 1}));
    register_health_check("optional", [] { throw std::runtime_error("no answer"); }, {.critical = false});
    const auto report = wait(run_health_checks());
    EXPECT_EQ(report.status, health_status::degraded);
    EXPECT_EQ(report.to_json().at("checks").at("optional").at("message"), "no answer");
    EXPECT_GT(report.checks.at("memory").details.at("resident_bytes").as_uint64(), 0u);
    EXPECT_GT(report.uptime.count(), 0);
    EXPECT_TRUE(remove_health_check("optional"));
    EXPECT_FALSE(remove_health_check("optional"));
    EXPECT_EQ(wait(run_health_checks()).status, health_status::healthy);
}

[[noreturn]] void exit_while_a_check_blocks_for_ever() {
    static std::promise<void> entered;
    register_health_check("blocked", [] {
        entered.set_value();
        while (true)
            pause();
    });
    asio::co_spawn(default_executor(), run_health_checks(), [](const std::exception_ptr&, const health_report&) {});
    entered.get_future().wait();
    std::exit(7);
}

TEST(HealthDeathTest, ProcessCanExitWhileACheckBlocksForEver) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(exit_while_a_check_blocks_for_ever(), testing::ExitedWithCode(7), "");
}

} // namespace
} // namespace infra::health
