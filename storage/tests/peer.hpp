#pragma once

/// Programs beside the tests: those of peers/storage in Node, and servers in processes of their own.

#include <infra/base/json.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::storage::peer {

inline const std::string folder = INFRA_STORAGE_TESTS "/../../peers/storage";

/// Why `package` cannot be run; empty if it can.
inline std::string missing(const std::string& package) {
    static const bool there = std::system("node --version >/dev/null 2>&1") == 0;
    if (!there)
        return "node is not installed (apt-get install nodejs npm)";
    if (!std::filesystem::exists(folder + "/node_modules/" + package))
        return package + " is not installed (npm ci in peers/storage; ./test does it)";
    return {};
}

/// The JSON that `node script` prints.
inline json::value output_of(const std::string& script, const std::string& arguments = "") {
    auto* const pipe = ::popen(("node --no-warnings '" + folder + "/" + script + "' " + arguments).c_str(), "r");
    std::string out;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        out += static_cast<char>(c);
    EXPECT_EQ(::pclose(pipe), 0) << script;
    return json::parse(out, {.max_bytes = out.size() + 1, .max_depth = 32}).value();
}

/// A program of this build: "storage_stub".
inline std::string built(const std::string& name) {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

/// A program that says in a line that it is ready, and is killed with the object, or with the test.
///
/// Errors: std::runtime_error when the line does not come within 20 s.
class child {
public:
    explicit child(std::vector<std::string> command) {
        int out[2], in[2];
        if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(in, O_CLOEXEC) != 0)
            throw std::runtime_error("pipe2 failed");
        const auto parent = ::getpid();
        pid_ = ::fork();
        if (pid_ == 0)
            become(command, in[0], out[1], parent);
        ::close(out[1]);
        ::close(in[0]);
        output_ = out[0];
        input_ = in[1];
        first_line_ = read_line();
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() {
        kill();
        ::close(output_);
        ::close(input_);
    }

    const std::string& first_line() const noexcept { return first_line_; }

    /// -9, and waits until it has ended.
    void kill() {
        if (pid_ < 0)
            return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

private:
    [[noreturn]] static void become(std::vector<std::string>& command, int in, int out, pid_t parent) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent)
            ::_exit(127);
        ::dup2(in, STDIN_FILENO);
        ::dup2(out, STDOUT_FILENO);
        std::vector<char*> arguments;
        for (auto& each : command)
            arguments.push_back(each.data());
        arguments.push_back(nullptr);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }

    std::string read_line() {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        std::string line;
        while (std::chrono::steady_clock::now() < give_up) {
            pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
            char c = 0;
            if (::poll(&ready, 1, 100) == 0)
                continue;
            if (::read(output_, &c, 1) <= 0)
                break;
            if (c == '\n')
                return line;
            line += c;
        }
        kill();
        throw std::runtime_error("a program did not say that it is ready; it said: " + line);
    }

    pid_t pid_ = -1;
    int output_ = -1;
    int input_ = -1;
    std::string first_line_;
};

} // namespace infra::storage::peer
