#pragma once

// The program with a terminal for its standard error, or its output too, and with somebody at the other ends of its pipes.

#include <infra/runtime/descriptor.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

namespace infra::cli {

class program_on_terminal {
public:
    explicit program_on_terminal(std::vector<std::string> words, unsigned short columns = 80, bool output_too = false) {
        const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
        words.insert(words.begin(), (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "infra").string());
        std::vector<char*> arguments;
        for (auto& each : words)
            arguments.push_back(each.data());
        arguments.push_back(nullptr);
        ::setenv("TERM", "xterm-256color", 1);
        int master = -1, slave = -1, in[2], out[2];
        if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0 || ::pipe2(in, O_CLOEXEC) != 0 ||
            ::pipe2(out, O_CLOEXEC) != 0)
            throw std::runtime_error("no terminal is to be had");
        terminal_ = descriptor(master);
        const descriptor read_in(in[0]), write_out(out[1]), other_end(slave);
        in_ = descriptor(in[1]);
        out_ = descriptor(out[0]);
        child_ = ::fork();
        if (child_ == 0) {
            ::dup2(in[0], STDIN_FILENO);
            ::dup2(output_too ? slave : out[1], STDOUT_FILENO);
            ::dup2(slave, STDERR_FILENO);
            ::execv(arguments[0], arguments.data());
            ::_exit(127);
        }
    }
    ~program_on_terminal() {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
    }
    program_on_terminal(const program_on_terminal&) = delete;
    program_on_terminal& operator=(const program_on_terminal&) = delete;

    /// As much as a pipe takes, 64 KiB.
    void feed(std::string_view text) { static_cast<void>(!::write(in_.get(), text.data(), text.size())); }
    void end_input() { in_ = descriptor(); }

    /// Whether the terminal is given that within a while.
    bool is_told(std::string_view text) {
        const auto limit = std::chrono::steady_clock::now() + patience;
        while (told_.find(text) == std::string::npos)
            if (std::chrono::steady_clock::now() > limit || !take(terminal_, told_))
                return false;
        return true;
    }

    /// The exit code; all that the program wrote has been read.
    int ended() {
        while (take(out_, printed_, -1))
            ;
        while (take(terminal_, told_, -1))
            ;
        int status = -1;
        ::waitpid(std::exchange(child_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    const std::string& told() const { return told_; }       ///< on the terminal
    const std::string& printed() const { return printed_; } ///< to the standard output

private:
    static constexpr std::chrono::seconds patience{20};

    // False where nobody will write any more.
    static bool take(const descriptor& from, std::string& into, int milliseconds = 100) {
        pollfd one{.fd = from.get(), .events = POLLIN, .revents = 0};
        if (::poll(&one, 1, milliseconds) <= 0)
            return true;
        char bytes[4096];
        const auto n = ::read(from.get(), bytes, sizeof bytes);
        into.append(bytes, static_cast<std::size_t>(n > 0 ? n : 0));
        return n > 0;
    }

    descriptor terminal_, in_, out_;
    pid_t child_ = -1;
    std::string told_, printed_;
};

} // namespace infra::cli
