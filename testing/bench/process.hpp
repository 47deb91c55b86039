#pragma once

/// What benchmarks measure in processes of their own: peers, servers, and themselves once more.

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::bench {

inline constexpr int any_core = -1;

/// What a program that has ended took.
struct usage {
    bool succeeded = false;
    double cpu_seconds = 0;
    double rss_mib = 0; ///< at its most
};

/// A program on one core or any, whose output we read; ended with the object.
class process {
public:
    process(std::vector<std::string> command, int core) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error("pipe2 failed");
        pid_ = ::fork();
        if (pid_ == 0)
            become(command, core, ends[1]);
        ::close(ends[1]);
        output_ = ::fdopen(ends[0], "r");
    }
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        std::fclose(output_);
    }

    pid_t pid() const noexcept { return pid_; }

    /// Waits until it has ended by itself.
    usage end() {
        int status = 0;
        rusage used{};
        ::wait4(pid_, &status, 0, &used);
        pid_ = -1;
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
        };
        return {WIFEXITED(status) && WEXITSTATUS(status) == 0, seconds(used.ru_utime) + seconds(used.ru_stime),
                static_cast<double>(used.ru_maxrss) / 1024};
    }

    std::string line() {
        std::string text;
        for (int c = std::fgetc(output_); c != EOF && c != '\n'; c = std::fgetc(output_))
            text += static_cast<char>(c);
        return text;
    }
    std::string everything() {
        std::string text;
        for (int c = std::fgetc(output_); c != EOF; c = std::fgetc(output_))
            text += static_cast<char>(c);
        return text;
    }

private:
    [[noreturn]] static void become(std::vector<std::string>& command, int core, int out) {
        if (core != any_core) {
            cpu_set_t cores;
            CPU_ZERO(&cores);
            CPU_SET(core, &cores);
            ::sched_setaffinity(0, sizeof cores, &cores);
        }
        ::dup2(out, STDOUT_FILENO);
        std::vector<char*> arguments;
        for (auto& each : command)
            arguments.push_back(each.data());
        arguments.push_back(nullptr);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }

    pid_t pid_ = -1;
    std::FILE* output_ = nullptr;
};

} // namespace infra::bench
