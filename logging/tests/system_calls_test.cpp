// What a caller asks of the system: nothing.

#include "support.hpp"

#include <infra/base/id.hpp>

#include <filesystem>
#include <fstream>
#include <regex>
#include <thread>

#include <sys/syscall.h>
#include <unistd.h>

namespace infra::logging {
namespace {

// Run by the test below too, under strace. Between two calls that nobody else makes it logs as a service does.
void log_two_bursts(pipeline_options options) {
    options.outputs = {{.to = file_sink({.path = "/dev/null"}), .as = format::json}};
    pipeline out(std::move(options));
    const logger web({.module = "web", .fields = {{"zone", "eu"}}, .to = &out});
    const std::string path = "/users/42";
    const auto burst = [&] {
        for (int i = 0; i < 1000; ++i)
            web.info("request served", {{"status", 200 + i % 100}, {"path", path}, {"took", i * 0.25}});
    };
    burst(); // the thread's ring is made, and the page faults of its memory are none of ours
    EXPECT_TRUE(out.flush(deadline::after(30s))); // half a ring that waits would be a call, to wake the writing thread
    ::syscall(SYS_getpgid, 0);
    burst();
    std::this_thread::yield(); // shows that the trace works
    ::syscall(SYS_getpgid, 0);
    EXPECT_TRUE(out.flush(deadline::after(30s)));
    EXPECT_EQ(out.counts().dropped, 0U);
}

TEST(LogSystemCalls, LosesNothingOfTwoBursts) { log_two_bursts({}); }

TEST(LogSystemCalls, LosesNothingOfTwoBurstsIntoADurableRing) {
    const auto ring = std::filesystem::temp_directory_path() / ("log_ring_" + uuid_v7());
    log_two_bursts({.durable_ring = ring});
    std::filesystem::remove(ring);
}

TEST(LogSystemCalls, AreNoneOnTheCallersSide) {
    if (std::system("strace -o /dev/null true >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "strace is not installed or not allowed";
    const auto trace = std::filesystem::temp_directory_path() / ("log_trace_" + uuid_v7());
    const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
    const auto command = "ASAN_OPTIONS=detect_leaks=0 strace -f -o '" + trace.string() + "' '" + self +
                         "' --gtest_filter='LogSystemCalls.LosesNothing*'"
                         " >/dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::vector<std::string> calls;
    std::string caller;
    bool between = false;
    std::ifstream file(trace);
    const std::regex call(R"((\d+)\s+(\w+)\(.*)");
    for (std::string line; std::getline(file, line);) {
        std::smatch parts;
        if (!std::regex_match(line, parts, call))
            continue;
        if (parts[2] == "getpgid") {
            caller = parts[1];
            between = !between;
        } else if (between && parts[1] == caller) {
            calls.push_back(parts[2]);
        }
    }
    std::filesystem::remove(trace);
    EXPECT_EQ(calls, (std::vector<std::string>{"sched_yield", "sched_yield"}));
}

} // namespace
} // namespace infra::logging
