#include "src/memory_readings.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace infra::health::detail {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;

/// A directory with the kernel's files in it: a machine of 1000 MiB with us at 100 MiB.
class kernel {
public:
    kernel() {
        std::string name = std::filesystem::temp_directory_path() / "infra-health-XXXXXX";
        root_ = ::mkdtemp(name.data());
        write("proc/meminfo", "MemTotal:        1024000 kB\nMemFree:  500 kB\n");
        write("proc/self/status", "Name:\tshop\nVmHWM:\t 204800 kB\nVmRSS:\t  102400 kB\n");
    }
    ~kernel() { std::filesystem::remove_all(root_); }
    kernel(const kernel&) = delete;
    kernel& operator=(const kernel&) = delete;

    void write(const std::string& path, const std::string& text) {
        const auto file = root_ / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }

    /// A group with `charged` MiB, of which 10 are active file cache, 20 inactive and 5 reclaimable slabs.
    void group(const std::string& path, const std::string& max, std::uint64_t charged) {
        const auto at = "sys/fs/cgroup" + path;
        write(at + "/memory.max", max + "\n");
        write(at + "/memory.current", std::to_string(charged * mib) + "\n");
        write(at + "/memory.stat", "anon 1\nfile 2\nslab_reclaimable " + std::to_string(5 * mib) + "\ninactive_file " +
                                       std::to_string(20 * mib) + "\nactive_file " + std::to_string(10 * mib) + "\n");
    }

    void within(const std::string& path) { write("proc/self/cgroup", "4:memory:/v1\n0::" + path + "\n"); }

    memory_readings read() const { return read_memory(root_).value(); }
    const std::filesystem::path& root() const { return root_; }

private:
    std::filesystem::path root_;
};

std::string limit(std::uint64_t size) { return std::to_string(size * mib); }

TEST(HealthMemory, IsResidentSizeAgainstTheMachineWithoutALimit) {
    kernel k;
    k.within("/");
    k.group("", "max", 900);
    const auto r = k.read();
    EXPECT_FALSE(r.of_cgroup);
    EXPECT_EQ(r.in_use, 100 * mib);
    EXPECT_EQ(r.limit, 1000 * mib);
}

TEST(HealthMemory, IsWhatTheGroupCannotGiveBackAgainstItsLimit) {
    kernel k;
    k.within("/shop.service");
    k.group("/shop.service", limit(200), 135);
    const auto r = k.read();
    EXPECT_TRUE(r.of_cgroup);
    EXPECT_EQ(r.in_use, 100 * mib);
    EXPECT_EQ(r.limit, 200 * mib);
    EXPECT_EQ(r.resident, 100 * mib);
}

TEST(HealthMemory, IsThatOfTheGroupNearestToItsLimitOnTheWayUp) {
    kernel k;
    k.within("/pods/shop/main");
    k.group("/pods/shop/main", limit(400), 135);
    k.group("/pods/shop", limit(500), 485);
    k.group("/pods", "max", 900);
    EXPECT_EQ(k.read().limit, 500 * mib);
    k.group("/pods/shop/main", limit(101), 135);
    EXPECT_EQ(k.read().limit, 101 * mib);
}

TEST(HealthMemory, FindsItsGroupAtTheMountInsideAContainer) {
    for (const auto* path : {"/", "/../../other", "/docker/of-the-host"}) {
        kernel k;
        k.within(path);
        k.group("", limit(200), 135);
        EXPECT_EQ(k.read().limit, 200 * mib) << path;
    }
}

TEST(HealthMemory, IgnoresALimitAboveTheMachine) {
    kernel k;
    k.within("/shop");
    k.group("/shop", limit(4000), 135);
    EXPECT_FALSE(k.read().of_cgroup);
}

TEST(HealthMemory, IgnoresAGroupThatCannotBeReadWhole) {
    kernel k;
    k.within("/shop");
    k.write("sys/fs/cgroup/shop/memory.max", limit(200));
    EXPECT_FALSE(k.read().of_cgroup);
    k.group("/shop", "0", 10);
    EXPECT_FALSE(k.read().of_cgroup);
}

TEST(HealthMemory, IsDegradedWhereNothingCanBeRead) {
    EXPECT_FALSE(read_memory("/nonexistent"));
    EXPECT_EQ(judge_memory(std::nullopt, {}).status, health_status::degraded);
}

TEST(HealthMemory, IsJudgedByTheShareInUse) {
    const struct {
        std::uint64_t in_use;
        health_status status;
    } rows[] = {{0, health_status::healthy},    {850, health_status::healthy},   {851, health_status::degraded},
                {950, health_status::degraded}, {951, health_status::unhealthy}, {1200, health_status::unhealthy}};
    for (const auto& row : rows)
        EXPECT_EQ(judge_memory(memory_readings{.in_use = row.in_use * mib, .limit = 1000 * mib}, {}).status, row.status)
            << row.in_use;
}

TEST(HealthMemory, SaysWhatItSaw) {
    const auto said =
        judge_memory(memory_readings{.in_use = 206 * mib, .limit = 512 * mib, .of_cgroup = true, .resident = 7}, {});
    EXPECT_EQ(said.message, "40.2% of 512.0 MiB in use (cgroup limit)");
    EXPECT_EQ(said.details, (json::object{{"in_use_bytes", 206 * mib},
                                          {"limit_bytes", 512 * mib},
                                          {"limit", "cgroup"},
                                          {"resident_bytes", std::uint64_t{7}}}));
}

TEST(HealthMemory, RefusesThresholdsThatCannotBe) {
    EXPECT_NO_THROW((void)memory_health_check.with({.degraded_above = 0.5, .unhealthy_above = 1}));
    EXPECT_THROW((void)memory_health_check.with({.degraded_above = 0}), std::invalid_argument);
    EXPECT_THROW((void)memory_health_check.with({.degraded_above = 0.96}), std::invalid_argument);
    EXPECT_THROW((void)memory_health_check.with({.unhealthy_above = 1.01}), std::invalid_argument);
}

TEST(HealthMemory, ReadsThisVeryProcess) {
    EXPECT_GT(memory_health_check().details.at("resident_bytes").as_uint64(), 0u);
}

TEST(HealthCgroupPath, IsThatOfTheUnifiedHierarchy) {
    EXPECT_EQ(cgroup_v2_path("0::/a/b\n"), "/a/b");
    EXPECT_EQ(cgroup_v2_path("4:memory:/x\n0::/\n"), "/");
    EXPECT_EQ(cgroup_v2_path("0::/../x"), "/");
    EXPECT_EQ(cgroup_v2_path("4:memory:/x\n"), "");
    EXPECT_EQ(cgroup_v2_path(""), "");
}

TEST(HealthNumberAfter, NeedsTheWholeKey) {
    EXPECT_EQ(number_after("file 1\nactive_file 2\n", "active_file"), 2u);
    EXPECT_EQ(number_after("active_file_x 2", "active_file"), std::nullopt);
    EXPECT_EQ(number_after("active_file", "active_file"), std::nullopt);
    EXPECT_EQ(number_after("active_file many", "active_file"), std::nullopt);
    EXPECT_EQ(number_after("VmRSS:\t  5 kB", "VmRSS:"), 5u);
}

TEST(HealthUnreclaimable, IsNeverNegative) {
    EXPECT_EQ(unreclaimable("10", "active_file 20\ninactive_file 0\n"), 0u);
    EXPECT_EQ(unreclaimable("", "active_file 20\ninactive_file 0\n"), std::nullopt);
    EXPECT_EQ(unreclaimable("10", "active_file 1\n"), std::nullopt);
}

} // namespace
} // namespace infra::health::detail
