// One load of a key, however many ask in however many processes.

#include "support.hpp"

#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>

namespace infra::cache::tests {
namespace {

pid_t start_child(const std::string& socket, int callers) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cache_load_child";
    std::string words[] = {program.string(), socket, std::to_string(callers)};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    pid_t pid = 0;
    if (posix_spawn(&pid, arguments[0], nullptr, nullptr, arguments, environ) != 0)
        throw std::runtime_error("cannot start " + words[0]);
    return pid;
}

int exit_code_of(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class CacheSingleFlight : public OnRedis {};

TEST_F(CacheSingleFlight, LoadsOnceForThirtyThousandCallersInThreeProcesses) {
    std::vector<pid_t> all;
    for (int i = 0; i < 3; ++i)
        all.push_back(start_child(server->socket(), 10'000));
    for (const auto each : all)
        EXPECT_EQ(exit_code_of(each), 0);
    EXPECT_EQ(raw("loads"), "1");
    EXPECT_EQ(raw("popular"), "1");
}

// Two stores are two processes to the server.
TEST_F(CacheSingleFlight, HandsTheLeaseOnWhenALeaderIsCancelled) {
    const cache here(make_store({.server = server->over_socket()}));
    const cache there(make_store({.server = server->over_socket()}));
    const auto for_ever = []() -> awaitable<int> {
        co_await real_clock().sleep_for(1h);
        co_return 1;
    };
    const auto leading = loop.start(here.get_or_set("k", 1min, for_ever));
    ASSERT_TRUE(loop.until([&] { return raw("@@lease:{k}").has_value(); }));
    const auto waiting = loop.start(there.get_or_set("k", 1min, [] { return 2; }));
    asio::post(loop.get_executor(), [&] { leading->cancel.emit(asio::cancellation_type::terminal); });
    ASSERT_TRUE(loop.until([&] { return leading->ended && waiting->ended; }));
    EXPECT_EQ(waiting->value, 2);
    EXPECT_EQ(raw("k"), "2");
}

TEST_F(CacheSingleFlight, StoresNothingThatWasLoadedBeforeAnErase) {
    const cache here(make_store({.server = server->over_socket()}));
    const cache there(make_store({.server = server->over_socket()}));
    bool go_on = false;
    const auto slow = [&]() -> awaitable<int> {
        while (!go_on)
            co_await real_clock().sleep_for(1ms);
        co_return 1;
    };
    const auto loading = loop.start(here.get_or_set("k", 1min, slow));
    ASSERT_TRUE(loop.until([&] { return raw("@@lease:{k}").has_value(); }));
    loop.await(there.del("k"));
    go_on = true;
    ASSERT_TRUE(loop.until([&] { return loading->ended; }));
    EXPECT_EQ(loading->value, 1) << "which is its caller's all the same";
    EXPECT_EQ(raw("k"), std::nullopt);
}

} // namespace
} // namespace infra::cache::tests
