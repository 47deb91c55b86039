#pragma once

// Processes for tests to kill: what crash_child.cpp does.

#include "support.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <thread>

namespace infra::queue::tests {

class child {
public:
    child(const std::filesystem::path& file, const std::filesystem::path& folder, std::string what) {
        const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "queue_crash_child";
        std::string words[] = {program.string(), file.string(), folder.string(), std::move(what)};
        char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
        if (posix_spawn(&pid_, arguments[0], nullptr, nullptr, arguments, environ) != 0)
            throw std::runtime_error("cannot start " + words[0]);
    }
    ~child() { kill(); }
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    void kill() {
        if (pid_ <= 0)
            return;
        ::kill(pid_, SIGKILL);
        wait();
    }

    void signal(int number) const { ::kill(pid_, number); }
    pid_t pid() const noexcept { return pid_; }

    /// The exit code; -1 if it was killed.
    int wait() {
        int status = 0;
        waitpid(std::exchange(pid_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_ = 0;
};

/// Whole lines only: the last may have been cut by the kill.
inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line) && !in.eof();)
        all.push_back(line);
    return all;
}

/// Kill loops in full counts?
inline bool is_long() {
    const char* all = std::getenv("INFRA_TEST_LONG");
    return all && *all && *all != '0';
}

/// Turns no loop: what is waited for happens in another process.
inline bool wait_until(const std::function<bool()>& done) {
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    while (!done()) {
        if (std::chrono::steady_clock::now() > give_up)
            return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

} // namespace infra::queue::tests
