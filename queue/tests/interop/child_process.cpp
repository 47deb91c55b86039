#include "child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace infra::queue::interop {
namespace {

[[noreturn]] void become(const std::vector<char*>& arguments, int in, int out) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

} // namespace

child_process::child_process(std::vector<std::string> command) {
    std::signal(SIGPIPE, SIG_IGN); // who was killed may be written to
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe for " + command[0]);
    std::vector<char*> arguments;
    for (auto& each : command)
        arguments.push_back(each.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0)
        become(arguments, in[0], out[1]);
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
}

void child_process::write_line(const std::string& line) const {
    const auto text = line + "\n";
    for (std::size_t at = 0; at < text.size();) {
        const auto n = ::write(to_, text.data() + at, text.size() - at);
        if (n <= 0)
            throw std::runtime_error("the child does not listen any more");
        at += static_cast<std::size_t>(n);
    }
}

std::string child_process::line(std::chrono::milliseconds limit) {
    const auto give_up = std::chrono::steady_clock::now() + limit;
    std::size_t end = 0;
    while ((end = heard_.find('\n')) == std::string::npos) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !read_more(left))
            throw std::runtime_error("the child said no more than '" + heard_ + "'");
    }
    auto text = heard_.substr(0, end);
    heard_.erase(0, end + 1);
    return text;
}

bool child_process::read_more(std::chrono::milliseconds limit) {
    pollfd wanted{.fd = from_, .events = POLLIN, .revents = 0};
    if (::poll(&wanted, 1, static_cast<int>(limit.count())) <= 0)
        return false;
    char piece[65536];
    const auto n = ::read(from_, piece, sizeof piece);
    heard_.append(piece, n > 0 ? static_cast<std::size_t>(n) : 0);
    return n > 0;
}

void child_process::kill() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait();
    }
    for (int* fd : {&to_, &from_})
        if (*fd >= 0)
            ::close(std::exchange(*fd, -1));
}

void child_process::pause() const { ::kill(pid_, SIGSTOP); }
void child_process::proceed() const { ::kill(pid_, SIGCONT); }

int child_process::wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string our_child() {
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "queue_interop_child").string();
}

} // namespace infra::queue::interop
