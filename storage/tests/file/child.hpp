#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace infra::storage {

/// crash_child.cpp, whose lines are read. Killed with the object.
class child {
public:
    explicit child(std::vector<std::string> words) {
        words.insert(words.begin(),
                     (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "storage_file_child"));
        std::vector<char*> arguments;
        for (auto& each : words)
            arguments.push_back(each.data());
        arguments.push_back(nullptr);
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error("pipe2 failed");
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        const int failed = ::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        lines_ = ::fdopen(ends[0], "r");
        if (failed != 0)
            throw std::runtime_error("cannot start " + words[0]);
    }
    ~child() {
        kill();
        std::fclose(lines_);
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    /// The next line; empty at the end.
    std::string line() {
        std::string text;
        for (int c = std::fgetc(lines_); c != EOF && c != '\n'; c = std::fgetc(lines_))
            text += static_cast<char>(c);
        return text;
    }
    std::vector<std::string> all_lines() {
        std::vector<std::string> all;
        for (auto next = line(); !next.empty(); next = line())
            all.push_back(std::move(next));
        return all;
    }

    void kill() {
        if (pid_ > 0)
            ::kill(pid_, SIGKILL);
        wait();
    }
    /// The exit code; -1 if it was killed.
    int wait() {
        int status = -1;
        if (pid_ > 0)
            ::waitpid(std::exchange(pid_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_ = 0;
    std::FILE* lines_ = nullptr;
};

} // namespace infra::storage
