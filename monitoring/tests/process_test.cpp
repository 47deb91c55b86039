#include "src/process.hpp"

#include <gtest/gtest.h>

namespace infra::monitoring::detail {
namespace {

constexpr std::string_view after_the_name =
    " S 1 42 42 0 -1 4194560 2500 0 1 0 111 22 0 0 20 0 7 0 123456 8388608 2048 18446744073709551615 1 1\n";

TEST(ProcessStat, IsReadByFieldNumber) {
    const auto read = parse_process_stat("42 (starter)" + std::string(after_the_name));
    EXPECT_EQ(read, (process_stat{.user_ticks = 111,
                                  .system_ticks = 22,
                                  .threads = 7,
                                  .start_ticks = 123456,
                                  .virtual_bytes = 8388608,
                                  .resident_pages = 2048}));
}

TEST(ProcessStat, IsNotMisledByTheProgramsName) {
    const auto plain = parse_process_stat("42 (starter)" + std::string(after_the_name));
    EXPECT_EQ(parse_process_stat("42 (a) S 9 (b ))" + std::string(after_the_name)), plain);
}

TEST(ProcessStat, IsEmptyForAnythingElse) {
    EXPECT_FALSE(parse_process_stat(""));
    EXPECT_FALSE(parse_process_stat("42 (starter"));
    EXPECT_FALSE(parse_process_stat("42 (starter) S 1 2 3"));
}

TEST(ProcessMetrics, TellOfThisProcess) {
    std::map<std::string, double> values;
    for (const auto& f : process_families())
        values[f.exposed.name] = f.samples.at(0).value;
    EXPECT_GT(values.at("process_resident_memory_bytes"), 1e5);
    EXPECT_GT(values.at("process_virtual_memory_bytes"), values.at("process_resident_memory_bytes"));
    EXPECT_GE(values.at("process_open_fds"), 3);
    EXPECT_GT(values.at("process_max_fds"), values.at("process_open_fds"));
    EXPECT_GE(values.at("process_threads"), 1);
    EXPECT_GE(values.at("process_cpu_seconds_total"), 0);
    const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_LT(values.at("process_start_time_seconds"), now + 2);
    EXPECT_GT(values.at("process_start_time_seconds"), now - 24 * 3600);
    EXPECT_EQ(values.at("infra_build_info"), 1);
}

TEST(ProcessMetrics, NameTheBuild) {
    EXPECT_NE(build_info().samples[0].labels.find("version=\""), std::string::npos);
    EXPECT_NE(build_info().samples[0].labels.find("compiler=\""), std::string::npos);
}

} // namespace
} // namespace infra::monitoring::detail
