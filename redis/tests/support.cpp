#include "tests/support.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

namespace infra::redis {

temporary_folder::temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "infra-redis-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
}

bool server::installed() {
    static const bool there = std::system("redis-server --version >/dev/null 2>&1") == 0;
    return there;
}

server::server(std::vector<std::string> more, bool tcp) : port_(tcp ? free_port() : std::uint16_t{0}) {
    command_ = {
        "redis-server", "--port",    std::to_string(port_),   "--bind",      "127.0.0.1", "--unixsocket",
        socket(),       "--dir",     folder_.path(),          "--save",      "",          "--loglevel",
        "warning",      "--logfile", folder_.path() + "/log", "--daemonize", "no",        "--enable-debug-command",
        "yes"};
    command_.insert(command_.end(), more.begin(), more.end());
    start();
}

server::~server() { kill(); }

void server::start() {
    std::error_code ignored;
    std::filesystem::remove(socket(), ignored); // what a killed one leaves
    std::vector<char*> arguments;
    for (auto& each : command_)
        arguments.push_back(each.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that crashes leaves no server
        const int null = ::open("/dev/null", O_WRONLY);
        ::dup2(null, STDOUT_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    for (int i = 0; i < 2000 && !answers(); ++i)
        std::this_thread::sleep_for(5ms);
    if (!answers())
        throw std::runtime_error("redis-server did not start; see its output");
}

bool server::answers() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
}

void server::kill() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void server::pause() const { ::kill(pid_, SIGSTOP); }
void server::proceed() const { ::kill(pid_, SIGCONT); }

} // namespace infra::redis
