#include "src/doctor/folders.hpp"
#include "src/doctor/machine.hpp"
#include "src/doctor/port.hpp"
#include "src/doctor/settings.hpp"

#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace infra::cli::doctor {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;
constexpr std::uint64_t gib = 1024 * mib;

verdict of(const findings& all) { return worst_of(all); }

TEST(DoctorPort, IsJudgedByWhatListenSaid) {
    const std::pair<port_facts, verdict> cases[] = {
        {{.host = "127.0.0.1", .port = 3000}, verdict::ok},
        {{.host = "127.0.0.1", .port = 0, .refused = EADDRINUSE}, verdict::ok},
        {{.host = "127.0.0.1", .port = 80, .refused = EACCES}, verdict::fail},
        {{.host = "10.9.9.9", .port = 3000, .refused = EADDRNOTAVAIL}, verdict::fail},
        {{.host = "nowhere", .port = 3000, .no_address = "Name or service not known"}, verdict::fail},
        {{.host = "::", .port = 3000, .refused = EADDRINUSE}, verdict::fail},
        {{.host = "::", .port = 3000, .refused = EADDRINUSE, .holders = {{7, "shop"}}, .answers = true}, verdict::ok},
    };
    for (const auto& [facts, expected] : cases)
        EXPECT_EQ(of(judge_port(facts)), expected) << judge_port(facts).front().found;
}

TEST(DoctorPort, NamesWhoHoldsIt) {
    const auto found = judge_port({.host = "::1", .port = 80, .refused = EADDRINUSE, .holders = {{7, "a"}, {9, "b"}}});
    EXPECT_EQ(found.front().about, "[::1]:80");
    EXPECT_EQ(found.front().found, "is in use by a (process 7), b (process 9)");
    EXPECT_EQ(judge_port({.port = 80, .refused = EADDRINUSE}).front().found, "is in use by a process of another user");
}

TEST(DoctorPort, ReadsTheKernelsTable) {
    constexpr std::string_view table =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n"
        "   1: 0100007F:0BB8 0100007F:E0F0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0\n"
        "   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0\n"
        "   3: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 4714 1\n";
    EXPECT_EQ(listening_inodes(table, 3000), (std::set<std::uint64_t>{4711, 4714}));
    EXPECT_EQ(listening_inodes(table, 80), std::set<std::uint64_t>{4713});
    EXPECT_TRUE(listening_inodes(table, 81).empty());
    EXPECT_TRUE(listening_inodes("", 80).empty());
}

TEST(DoctorOpenFiles, AreComparedWithTheConnectionsOfAService) {
    const std::pair<descriptor_limits, verdict> cases[] = {
        {{}, verdict::ok},
        {{65'536, 65'536}, verdict::ok},
        {{1024, 1'048'576}, verdict::warn},
        {{4096, 4096}, verdict::warn},
        {{64, {}}, verdict::fail},
    };
    for (const auto& [limits, expected] : cases)
        EXPECT_EQ(of(judge_open_files(limits)), expected) << *limits.soft;
    EXPECT_NE(judge_open_files({4096, 4096}).front().advice.find("as root"), std::string::npos);
}

TEST(DoctorMemory, HasToHoldAServiceAndItsCache) {
    const auto judged = [](std::uint64_t machine, std::optional<std::uint64_t> limit, bool caches) {
        return of(judge_memory({.memory = machine, .cores = 1, .memory_limit = limit}, caches));
    };
    EXPECT_EQ(judged(8 * gib, {}, true), verdict::ok);
    EXPECT_EQ(judged(8 * gib, 256 * mib, true), verdict::ok);
    EXPECT_EQ(judged(8 * gib, 200 * mib, true), verdict::warn);
    EXPECT_EQ(judged(8 * gib, 200 * mib, false), verdict::ok);
    EXPECT_EQ(judged(8 * gib, 100 * mib, true), verdict::fail);
    EXPECT_EQ(judged(32 * mib, {}, false), verdict::fail);
}

TEST(DoctorCores, AreNotToBeMoreThanTheQuota) {
    EXPECT_EQ(of(judge_cores({.cores = 4})), verdict::ok);
    EXPECT_EQ(of(judge_cores({.cores = 4, .quota = 4})), verdict::ok);
    const auto found = judge_cores({.cores = 4, .quota = 1.5});
    EXPECT_EQ(of(found), verdict::warn);
    EXPECT_EQ(found.front().found, "a quota of 1.5 for 4 loops");
}

TEST(DoctorClock, HasSomebodyWhoKeepsItRight) {
    EXPECT_EQ(of(judge_clock(true, 2026)), verdict::ok);
    EXPECT_EQ(of(judge_clock({}, 2026)), verdict::ok);
    EXPECT_EQ(of(judge_clock(false, 2026)), verdict::warn);
    EXPECT_EQ(of(judge_clock(true, 1970)), verdict::fail);
}

TEST(DoctorUser, IsNotRootInProduction) {
    EXPECT_EQ(of(judge_user(false, true)), verdict::ok);
    EXPECT_EQ(of(judge_user(true, false)), verdict::ok);
    EXPECT_EQ(of(judge_user(true, true)), verdict::warn);
}

class DoctorLimits : public ::testing::Test {
protected:
    void put(const std::string& file, std::string_view text) {
        const auto path = std::filesystem::path(root.path()) / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    machine_limits read() const { return read_limits(root.path(), 4); }

    testing::temporary_folder root;
};

TEST_F(DoctorLimits, AreTheTightestOfTheGroupAndThoseAroundIt) {
    put("proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n");
    put("proc/self/cgroup", "0::/shop.slice/web.service\n");
    put("sys/fs/cgroup/shop.slice/memory.max", "1073741824\n");
    put("sys/fs/cgroup/shop.slice/cpu.max", "150000 100000\n");
    put("sys/fs/cgroup/shop.slice/web.service/memory.max", "max\n");
    put("sys/fs/cgroup/shop.slice/web.service/cpu.max", "max 100000\n");
    EXPECT_EQ(read().memory, 8 * gib);
    EXPECT_EQ(read().memory_limit, 1 * gib);
    EXPECT_EQ(read().quota, 1.5);
    put("sys/fs/cgroup/shop.slice/web.service/memory.max", "536870912\n");
    EXPECT_EQ(read().memory_limit, 512 * mib);
}

TEST_F(DoctorLimits, AreThoseOfTheFirstVersionToo) {
    put("proc/meminfo", "MemTotal:        8388608 kB\n");
    put("proc/self/cgroup", "4:memory:/docker/a\n3:cpu,cpuacct:/docker/a\n0::/\n");
    put("sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", "536870912\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us", "50000\n");
    put("sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    EXPECT_EQ(read().memory_limit, 512 * mib);
    EXPECT_EQ(read().quota, 0.5);
}

TEST_F(DoctorLimits, AreNoneWhereNothingSaysSo) {
    put("proc/meminfo", "MemTotal:        8388608 kB\n");
    put("proc/self/cgroup", "4:memory:/\n0::/\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_FALSE(read().memory_limit);
    EXPECT_FALSE(read().quota);
}

TEST(DoctorFolders, AreThoseThatTheSettingsName) {
    const auto named = [](environment::variables values) {
        std::string text;
        for (const auto& each : folders_of(environment(std::move(values))))
            text += each.path.string() + "=" + each.of + " ";
        return text;
    };
    EXPECT_EQ(named({}), "var=default var/storage=default var/outbox=default ");
    EXPECT_EQ(named({{"REDIS_URL", "redis://h"}, {"RESEND_API_KEY", "re_1"}, {"STORAGE_URL", "s3://b"}}), "");
    EXPECT_EQ(named({{"QUEUE_URL", "sqlite:/d/q.db"}, {"STORAGE_URL", "file:/d"}, {"EMAIL_URL", "resend: outbox:/m"}}),
              "/d=QUEUE_URL /m=EMAIL_URL ");
    EXPECT_EQ(named({{"QUEUE_URL", "sqlite:"}, {"STORAGE_URL", "memory:"}, {"EMAIL_URL", "log:"}}), "");
}

TEST(DoctorFolders, AreJudgedByRoomAndByPermission) {
    const room plenty{.total = 100 * gib, .free = 50 * gib};
    const std::pair<folder_facts, verdict> cases[] = {
        {{.exists = true, .bytes = plenty, .inodes = {1000, 500}}, verdict::ok},
        {{.exists = false, .bytes = plenty}, verdict::ok}, // without a count of inodes
        {{.exists = true, .refused = EACCES, .bytes = plenty}, verdict::fail},
        {{.exists = true, .refused = EROFS, .bytes = plenty}, verdict::fail},
        {{.is_folder = false}, verdict::fail},
        {{.exists = true, .bytes = {100 * gib, 10 * gib}}, verdict::warn},
        {{.exists = true, .bytes = {2000 * gib, 100 * gib}}, verdict::ok}, // 95 %, and still much
        {{.exists = true, .bytes = {100 * gib, 4 * gib}}, verdict::fail},
        {{.exists = true, .bytes = {128 * mib, 32 * mib}}, verdict::fail},
        {{.exists = true, .bytes = plenty, .inodes = {1000, 100}}, verdict::warn},
        {{.exists = true, .bytes = plenty, .inodes = {1000, 10}}, verdict::fail},
    };
    for (const auto& [facts, expected] : cases)
        EXPECT_EQ(of(judge_folder(facts)), expected) << judge_folder(facts).front().found;
}

TEST(DoctorFolders, AreLeftAsTheyWere) {
    const testing::temporary_folder top;
    const auto facts = read_folder({.path = top.path() + "/a/b", .of = "STORAGE_URL"});
    EXPECT_FALSE(facts.exists);
    EXPECT_EQ(facts.refused, 0);
    EXPECT_GT(facts.bytes.total, 0u);
    EXPECT_TRUE(std::filesystem::is_empty(top.path()));
    std::ofstream(top.path() + "/a") << "in the way";
    EXPECT_FALSE(read_folder({.path = top.path() + "/a/b"}).is_folder);
}

TEST(DoctorSettings, TellsEachProblemOfItsVariable) {
    const auto found = judge_settings({.problems = {"PORT: expected a whole number from 0 to 65535"},
                                       .warnings = {"QUEUE_ULR is not read by anything; did you mean QUEUE_URL?"}},
                                      {".env:3: expected NAME=value"}, 2);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].about, ".env:3");
    EXPECT_EQ(found[0].found, "expected NAME=value");
    EXPECT_EQ(found[1].about, "PORT");
    EXPECT_EQ(found[1].verdict, verdict::fail);
    EXPECT_EQ(found[2].about, "QUEUE_ULR");
    EXPECT_EQ(found[2].verdict, verdict::warn);
    EXPECT_EQ(judge_settings({}, {}, 0).front().verdict, verdict::ok);
}

} // namespace
} // namespace infra::cli::doctor
