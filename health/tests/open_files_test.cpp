#include "src/open_files_readings.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::health::detail {
namespace {

TEST(HealthOpenFiles, AreJudgedAgainstTheLimit) {
    const struct {
        const char* name;
        std::optional<open_files_readings> readings;
        health_status status;
        const char* message;
    } rows[] = {
        {"few", {{.open = 10, .limit = 1024}}, health_status::healthy, "10 open of 1024 (1.0%)"},
        {"many", {{.open = 900, .limit = 1000}}, health_status::degraded, "900 open of 1000 (90.0%)"},
        {"all", {{.open = 1000, .limit = 1000}}, health_status::unhealthy, "1000 open of 1000 (100.0%)"},
        {"lowered below what is open", {{.open = 9, .limit = 0}}, health_status::unhealthy, "9 open of 0 (100.0%)"},
        {"no limit", {{.open = 100'000, .limit = {}}}, health_status::healthy, "100000 open"},
        {"unreadable", {}, health_status::degraded, "open files cannot be read from /proc"},
    };
    for (const auto& row : rows) {
        const auto said = judge_open_files(row.readings, {});
        EXPECT_EQ(said.status, row.status) << row.name;
        EXPECT_EQ(said.message, row.message) << row.name;
    }
}

TEST(HealthOpenFiles, AreCountedInThisProcess) {
    const auto said = open_files_check({.degraded_above = 1, .unhealthy_above = 1})();
    EXPECT_EQ(said.status, health_status::healthy) << said.message;
    EXPECT_GE(said.details.at("open").as_uint64(), 2u) << "stdout and stderr at least";
}

TEST(HealthOpenFiles, NamesABadOption) {
    EXPECT_THROW(open_files_check({.degraded_above = 0}), std::invalid_argument);
    EXPECT_THROW(open_files_check({.unhealthy_above = 2}), std::invalid_argument);
}

} // namespace
} // namespace infra::health::detail
