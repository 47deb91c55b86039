// What looking at a service costs, while nothing happens in it: `infra top` itself, and the service that is asked once a second.
//
//     cli_top_bench [--json FILE] [--seconds N]
//
// The starter runs by itself first, then with `infra top` on a terminal of 120 by 30 beside it, as an operator who is told all; each so many seconds,
// after a few to settle. What counts is the time on a core of all threads of each process (/proc/PID/task/*/schedstat), in percent of one. Beside it
// stands procps' top, which looks at processes as often.

#include "comparison.hpp"
#include "process.hpp"

#include <infra/testing/redis_server.hpp>

#include <arpa/inet.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace bench = infra::bench;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using words = std::vector<std::string>;

constexpr auto to_settle = 5s;

double seconds_on_core(pid_t process) {
    double all = 0;
    for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
        std::uint64_t nanoseconds = 0;
        std::ifstream(thread.path() / "schedstat") >> nanoseconds;
        all += static_cast<double>(nanoseconds) / 1e9;
    }
    return all;
}

bool listens(std::uint16_t port) {
    const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_there = ::connect(one, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    ::close(one);
    return is_there;
}

void wait_until_it_listens(std::uint16_t port) {
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (!listens(port)) {
        if (std::chrono::steady_clock::now() > limit)
            throw std::runtime_error("the starter does not start");
        std::this_thread::sleep_for(50ms);
    }
}

/// A program on a terminal of its own, whose pictures somebody takes and does not look at.
class on_terminal {
public:
    explicit on_terminal(words command) {
        const winsize size{.ws_row = 30, .ws_col = 120, .ws_xpixel = 0, .ws_ypixel = 0};
        pid_ = ::forkpty(&master_, nullptr, nullptr, &size);
        if (pid_ < 0)
            throw std::runtime_error("no terminal is to be had");
        if (pid_ == 0) {
            std::vector<char*> arguments;
            for (auto& each : command)
                arguments.push_back(each.data());
            arguments.push_back(nullptr);
            ::execvp(arguments[0], arguments.data());
            ::_exit(127);
        }
        looking_ = std::thread([this] { take_all(); });
    }
    ~on_terminal() {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
        looking_.join();
        ::close(master_);
    }
    on_terminal(const on_terminal&) = delete;
    on_terminal& operator=(const on_terminal&) = delete;

    pid_t pid() const { return pid_; }
    std::uint64_t bytes() const { return bytes_; }

private:
    void take_all() {
        char piece[65536];
        for (auto n = ::read(master_, piece, sizeof piece); n > 0; n = ::read(master_, piece, sizeof piece))
            bytes_ += static_cast<std::uint64_t>(n);
    }

    int master_ = -1;
    pid_t pid_ = -1;
    std::atomic<std::uint64_t> bytes_{0};
    std::thread looking_;
};

struct shares {
    double program = 0, service = 0;
};

shares measure(pid_t program, pid_t service, int seconds) {
    std::this_thread::sleep_for(to_settle);
    const auto begin = std::chrono::steady_clock::now();
    const auto program_before = seconds_on_core(program), service_before = seconds_on_core(service);
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return {100 * (seconds_on_core(program) - program_before) / took,
            100 * (seconds_on_core(service) - service_before) / took};
}

int compare(const bench::arguments& a) {
    const auto programs = fs::read_symlink("/proc/self/exe").parent_path();
    const infra::testing::temporary_folder folder("bench");
    const auto port = infra::testing::free_port();
    const std::string token = "of-a-benchmark-on-loopback-0123456789";
    const bench::process starter({"env", "--chdir", folder.path(), "PORT=" + std::to_string(port), "LOG_LEVEL=error",
                                  "INFRA_ADMIN_TOKEN=" + token, (programs / "starter").string()},
                                 bench::any_core);
    wait_until_it_listens(port);
    const auto alone = measure(starter.pid(), starter.pid(), a["seconds"]);
    shares watched, other;
    {
        ::setenv("INFRA_ADMIN_TOKEN", token.c_str(), 1);
        const on_terminal top(
            {(programs / "infra").string(), "top", "--url", "http://127.0.0.1:" + std::to_string(port)});
        watched = measure(top.pid(), starter.pid(), a["seconds"]);
        if (top.bytes() < 1000)
            throw std::runtime_error("infra top showed nothing");
    }
    {
        const on_terminal top({"top", "-d", "1"});
        other = measure(top.pid(), starter.pid(), a["seconds"]);
    }
    bench::report to(a);
    to.add(
        {"cli.top.itself", watched.program, "% of a core", "procps top", other.program, bench::better::less, "<= 2 %"});
    to.add({"cli.top.service", watched.service, "% of a core", "unwatched", alone.service});
    to.add({.name = "cli.top.costs_service",
            .ours = watched.service - alone.service,
            .unit = "% of a core",
            .wanted = "<= 1 %"});
    return 0;
}

} // namespace

int main(int count, char** values) { return bench::run(count, values, {{"seconds", 60}}, compare); }
