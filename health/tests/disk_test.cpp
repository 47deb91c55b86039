#include "src/disk_readings.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::health::detail {
namespace {

TEST(HealthDisk, IsJudgedByWhatIsScarcer) {
    const struct {
        const char* name;
        disk_readings readings;
        health_status status;
    } rows[] = {
        {"room",
         {.bytes = {.used = 50, .available = 50}, .inodes = {.used = 5, .available = 95}},
         health_status::healthy},
        {"few bytes", {.bytes = {.used = 90, .available = 10}, .inodes = {}}, health_status::degraded},
        {"none", {.bytes = {.used = 100, .available = 0}, .inodes = {}}, health_status::unhealthy},
        {"few inodes",
         {.bytes = {.used = 1, .available = 99}, .inodes = {.used = 96, .available = 4}},
         health_status::unhealthy},
        {"a file system of nothing", {}, health_status::healthy},
    };
    for (const auto& row : rows)
        EXPECT_EQ(judge_disk(row.readings, {}).status, row.status) << row.name;
}

TEST(HealthDisk, SaysHowMuchIsLeft) {
    const disk_readings readings{.bytes = {.used = 3ULL << 30, .available = 1ULL << 30},
                                 .inodes = {.used = 90, .available = 10}};
    const auto said = judge_disk(readings, {});
    EXPECT_EQ(said.message, "75.0% in use, 1.0 GiB free; 90.0% of the inodes in use");
    EXPECT_EQ(said.details.at("available_bytes").as_uint64(), 1ULL << 30);
}

TEST(HealthDisk, AsksTheFileSystemOfAPath) {
    const auto here = disk_check({.path = "/", .degraded_above = 1, .unhealthy_above = 1})();
    EXPECT_EQ(here.status, health_status::healthy) << here.message;
    EXPECT_GT(here.details.at("used_bytes").as_uint64(), 0u);
}

TEST(HealthDisk, IsUnhealthyWhereItCannotBeAsked) {
    const auto said = disk_check({.path = "/no/such/place"})();
    EXPECT_EQ(said.status, health_status::unhealthy);
    EXPECT_EQ(said.message, "cannot ask the file system of /no/such/place: No such file or directory");
}

TEST(HealthDisk, NamesABadOption) {
    const auto refusal = [](disk_check_options options) -> std::string {
        try {
            disk_check check(std::move(options));
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "accepted";
    };
    const std::string low =
        "health::disk_check_options::degraded_above must be more than 0 and at most unhealthy_above";
    EXPECT_EQ(refusal({.path = ""}), "health::disk_check_options::path must not be empty");
    EXPECT_EQ(refusal({.degraded_above = 0}), low);
    EXPECT_EQ(refusal({.degraded_above = 0.99}), low);
    EXPECT_EQ(refusal({.unhealthy_above = 1.1}), "health::disk_check_options::unhealthy_above must be at most 1");
}

} // namespace
} // namespace infra::health::detail
