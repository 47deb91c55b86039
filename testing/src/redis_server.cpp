#include <infra/testing/redis_server.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace infra::testing {

temporary_folder::temporary_folder(std::string_view name) {
    path_ = (std::filesystem::temp_directory_path() / ("infra-" + std::string(name) + "-XXXXXX")).string();
    if (!::mkdtemp(path_.data()))
        throw std::runtime_error(path_ + ": " + std::strerror(errno));
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

namespace {

sockaddr_in on_loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

} // namespace

std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = on_loopback(0);
    socklen_t size = sizeof address;
    ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
}

bool redis_server::installed() {
    static const bool there = std::system("redis-server --version >/dev/null 2>&1") == 0;
    return there;
}

redis_server::redis_server(std::vector<std::string> more, bool tcp) : more_(std::move(more)) {
    constexpr int attempts = 5; // a port that was free a moment ago may be taken by now
    for (int i = 0; i < attempts && pid_ < 0; ++i) {
        port_ = tcp ? free_port() : std::uint16_t{0};
        pid_ = launch();
    }
    if (pid_ < 0)
        throw std::runtime_error("redis-server does not start: " + last_words());
}

redis_server::~redis_server() {
    kill();
    release_port();
}

void redis_server::start() {
    release_port();
    pid_ = launch();
    if (pid_ < 0)
        throw std::runtime_error("redis-server does not start again: " + last_words());
}

std::vector<std::string> redis_server::command() const {
    std::vector<std::string> words = {
        "redis-server", "--port",    std::to_string(port_),   "--bind",      "127.0.0.1", "--unixsocket",
        socket(),       "--dir",     folder_.path(),          "--save",      "",          "--loglevel",
        "warning",      "--logfile", folder_.path() + "/log", "--daemonize", "no",        "--enable-debug-command",
        "yes"};
    words.insert(words.end(), more_.begin(), more_.end());
    return words;
}

// -1 when it ends at once, or does not answer.
pid_t redis_server::launch() const {
    std::error_code ignored;
    std::filesystem::remove(socket(), ignored); // what a killed one leaves
    auto words = command();
    std::vector<char*> arguments;
    for (auto& each : words)
        arguments.push_back(each.data());
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that crashes leaves no server
        const int output = ::open((folder() + "/output").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    for (int i = 0; i < 2000; ++i) {
        if (answers())
            return child;
        if (::waitpid(child, nullptr, WNOHANG) != 0)
            return -1;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return -1;
}

std::string redis_server::last_words() const {
    std::string words;
    for (const char* name : {"/output", "/log"}) {
        std::ifstream file(folder() + name);
        words.append(std::istreambuf_iterator<char>(file), {});
    }
    return words.empty() ? "it said nothing" : words;
}

bool redis_server::answers() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
}

void redis_server::kill() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    hold_port();
}

// Otherwise another test's server may be given it, and answers whoever looks whether this one is back.
void redis_server::hold_port() {
    if (port_ == 0)
        return;
    held_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1; // its connections may still linger
    ::setsockopt(held_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const auto address = on_loopback(port_);
    ::bind(held_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

void redis_server::release_port() noexcept {
    if (held_ >= 0)
        ::close(std::exchange(held_, -1));
}

void redis_server::pause() const { ::kill(pid_, SIGSTOP); }
void redis_server::proceed() const { ::kill(pid_, SIGCONT); }

} // namespace infra::testing
