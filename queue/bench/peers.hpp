#pragma once

// What queue_bench runs beside: Debian's beanstalkd with its binlog, and npm's bullmq on redis-server. A server has the first
// core, its client the second; ours has both.

#include "process.hpp"

#include "comparison.hpp"

#include <infra/testing/redis_server.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <unistd.h>

namespace infra::bench {

/// Jobs a second; 0: the peer is not there.
struct peer_rates {
    double enqueue = 0;
    double process = 0;
    double end_to_end = 0;
};

namespace detail {

constexpr int server_core = 0;
constexpr int client_core = 1;
constexpr int together = 100; // commands whose replies are awaited together

/// A blocking connection to a server on this machine, with lines.
class connection {
public:
    explicit connection(std::uint16_t port) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (int tries = 0; tries < 500; ++tries) {
            fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
                break;
            ::close(std::exchange(fd_, -1));
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~connection() { ::close(fd_); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void send(const std::string& text) {
        for (std::size_t sent = 0; sent < text.size();) {
            const auto n = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
            if (n <= 0)
                throw std::runtime_error("a peer's connection is lost");
            sent += static_cast<std::size_t>(n);
        }
    }
    std::string line() {
        std::size_t end = 0;
        while ((end = read_.find("\r\n", at_)) == read_.npos)
            read_more();
        auto text = read_.substr(at_, end - at_);
        at_ = end + 2;
        return text;
    }

private:
    void read_more() {
        read_.erase(0, std::exchange(at_, 0));
        std::array<char, 65536> bytes;
        const auto n = ::recv(fd_, bytes.data(), bytes.size(), 0);
        if (n <= 0)
            throw std::runtime_error("a peer's connection is lost");
        read_.append(bytes.data(), static_cast<std::size_t>(n));
    }

    int fd_ = -1;
    std::string read_;
    std::size_t at_ = 0;
};

inline void put(connection& to, std::size_t n, const std::string& data) {
    const auto one = "put 0 0 60 " + std::to_string(data.size()) + "\r\n" + data + "\r\n";
    for (std::size_t i = 0; i < n; i += together) {
        std::string commands;
        for (int k = 0; k < together; ++k)
            commands += one;
        to.send(commands);
        for (int k = 0; k < together; ++k)
            if (!to.line().starts_with("INSERTED"))
                throw std::runtime_error("beanstalkd did not take a job");
    }
}

inline void reserve_and_delete(connection& to, std::size_t n) {
    std::string reserves;
    for (int k = 0; k < together; ++k)
        reserves += "reserve\r\n";
    for (std::size_t i = 0; i < n; i += together) {
        to.send(reserves);
        std::string deletes;
        for (int k = 0; k < together; ++k) {
            const auto reserved = to.line(); // RESERVED id bytes
            to.line();
            deletes += "delete " + reserved.substr(9, reserved.find(' ', 9) - 9) + "\r\n";
        }
        to.send(deletes);
        for (int k = 0; k < together; ++k)
            to.line();
    }
}

template <class Act>
double rate_of(std::size_t n, Act act) {
    const auto begin = std::chrono::steady_clock::now();
    act();
    return static_cast<double>(n) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace detail

/// `sync`: an option of beanstalkd's: -F never syncs its binlog, -f0 syncs after each write.
inline peer_rates beanstalkd(std::size_t n, const std::string& data, const std::filesystem::path& folder,
                             const std::string& sync) {
    using namespace detail;
    if (std::system("command -v beanstalkd >/dev/null") != 0)
        return {};
    std::filesystem::create_directories(folder);
    peer_rates found;
    {
        const auto port = testing::free_port();
        const process server({"beanstalkd", "-l", "127.0.0.1", "-p", std::to_string(port), "-b", folder.string(), sync},
                             server_core);
        connection producer(port), worker(port);
        found.enqueue = rate_of(n, [&] { put(producer, n, data); });
        found.process = rate_of(n, [&] { reserve_and_delete(worker, n); });
        found.end_to_end = rate_of(n, [&] {
            std::thread adding([&] { put(producer, n, data); });
            reserve_and_delete(worker, n);
            adding.join();
        });
    }
    std::filesystem::remove_all(folder);
    return found;
}

/// `fsync`: redis-server's appendfsync, everysec or always.
inline peer_rates bullmq(std::size_t n, const std::filesystem::path& folder, const std::string& fsync) {
    using namespace detail;
    const auto scripts = peers_folder_with("bullmq", "queue");
    if (!scripts || std::system("command -v redis-server >/dev/null") != 0)
        return {};
    std::filesystem::create_directories(folder);
    peer_rates found;
    {
        const auto port = testing::free_port();
        const process server({"redis-server", "--port", std::to_string(port), "--bind", "127.0.0.1", "--save", "",
                              "--appendonly", "yes", "--appendfsync", fsync, "--dir", folder.string(), "--loglevel",
                              "warning"},
                             server_core);
        const auto text =
            process({"node", (*scripts / "bullmq.mjs").string(), std::to_string(port), std::to_string(n)}, client_core)
                .everything();
        std::sscanf(text.c_str(), "%lf %lf %lf", &found.enqueue, &found.process, &found.end_to_end);
    }
    std::filesystem::remove_all(folder);
    return found;
}

} // namespace infra::bench
