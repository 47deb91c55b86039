#pragma once

/// Many WebSocket clients on one thread, as cheap as they can be, so that what is measured is the server: one epoll, one buffer, frames counted
/// where they lie. Each delivery is seen, and the time that its message carries is taken.

#include "latencies.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::bench {

/// Of the steady clock, which all processes of a machine share, and Node's too.
inline std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// What all servers send, 128 bytes of it. The time begins at the same place in each.
inline constexpr std::string_view delivery_prefix = R"({"type":"tick","channel":"bench","data":{"t":)";

class crowd {
public:
    struct options {
        std::uint16_t port = 0;
        std::string path = "/ws";
        /// What each says once it is connected, by its number: masked frames.
        std::function<std::string(std::size_t)> hello{};
        std::string ready = "HTTP/1.1 101"; ///< what it then must hear before it counts as there
        std::size_t connecting_at_once = 200;
    };
    struct client {
        int fd = -1;
        bool ready = false;
        bool reads = true;
        bool upgraded = false;
        std::uint64_t deliveries = 0;
        std::string rest{}; ///< a frame that has not come whole
    };

    explicit crowd(options o) : options_(std::move(o)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
    crowd(const crowd&) = delete;
    crowd& operator=(const crowd&) = delete;
    ~crowd() {
        disconnect();
        ::close(epoll_);
    }

    /// Returns when all are there.
    void connect(std::size_t count) {
        const auto first = clients_.size();
        clients_.resize(first + count);
        std::size_t begun = first;
        const auto all = clients_.size();
        turn_until(
            [&] {
                while (begun < all && begun - ready_ < options_.connecting_at_once)
                    begin(begun++);
                return ready_ == all;
            },
            60'000);
    }

    void disconnect() {
        for (auto& c : clients_)
            if (c.fd >= 0)
                ::close(c.fd);
        clients_.clear();
        ready_ = 0;
        deliveries_ = 0;
    }

    /// The last one reads no more.
    void stall_one() {
        auto& c = clients_.back();
        c.reads = false;
        const int small = 4096;
        ::setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, c.fd, nullptr);
    }

    /// Reads until `done()`; false when that did not come in time.
    template <class Done>
    bool turn_until(Done done, int milliseconds) {
        const auto give_up = now_ns() + std::int64_t(milliseconds) * 1'000'000;
        while (!done()) {
            if (now_ns() > give_up)
                return false;
            turn(10);
        }
        return true;
    }

    std::uint64_t deliveries() const noexcept { return deliveries_; }
    std::int64_t last_delivery_ns() const noexcept { return last_; }
    latencies& seen() noexcept { return seen_; }
    std::vector<client>& clients() noexcept { return clients_; }
    bool lost_any() const noexcept { return lost_ > 0; }

    /// Called with each frame that is no delivery.
    std::function<void(client&, std::string_view)> on_other{};

private:
    void begin(std::size_t index) {
        auto& c = clients_[index];
        c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (c.fd < 0)
            throw std::runtime_error("no socket: raise `ulimit -n`");
        const int yes = 1;
        ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(options_.port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
            throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
        watch(index, EPOLLOUT, EPOLL_CTL_ADD);
    }

    void watch(std::size_t index, std::uint32_t what, int how) {
        epoll_event e{.events = what, .data = {.u64 = index}};
        ::epoll_ctl(epoll_, how, clients_[index].fd, &e);
    }

    void turn(int milliseconds) {
        epoll_event events[512];
        const int count = ::epoll_wait(epoll_, events, 512, milliseconds);
        for (int i = 0; i < count; ++i) {
            const auto index = static_cast<std::size_t>(events[i].data.u64);
            if (index >= clients_.size())
                continue;
            if (events[i].events & EPOLLOUT)
                shake_hands(index);
            else
                receive(clients_[index]);
        }
    }

    void shake_hands(std::size_t index) {
        send(clients_[index], "GET " + options_.path +
                                  " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        watch(index, EPOLLIN, EPOLL_CTL_MOD);
    }

    static void send(client& c, std::string_view bytes) {
        if (!bytes.empty() &&
            ::send(c.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
            throw std::runtime_error("a server took no bytes of a client");
    }

    void receive(client& c) {
        const auto size = ::recv(c.fd, buffer_.data(), buffer_.size(), 0);
        if (size < 0 && errno == EAGAIN)
            return;
        if (size <= 0) {
            ++lost_;
            ::epoll_ctl(epoll_, EPOLL_CTL_DEL, c.fd, nullptr);
            return;
        }
        std::string_view bytes(buffer_.data(), static_cast<std::size_t>(size));
        std::string joined;
        if (!c.rest.empty()) {
            joined = std::exchange(c.rest, {}).append(bytes);
            bytes = joined;
        }
        if (!c.upgraded && !take_answer(c, bytes)) {
            c.rest = bytes;
            return;
        }
        last_ = now_ns();
        take_frames(c, bytes);
    }

    bool take_answer(client& c, std::string_view& bytes) {
        const auto end = bytes.find("\r\n\r\n");
        if (end == std::string_view::npos)
            return false;
        if (!bytes.starts_with("HTTP/1.1 101"))
            throw std::runtime_error("a server refused: " + std::string(bytes.substr(0, end)));
        c.upgraded = true;
        if (options_.hello)
            send(c, options_.hello(static_cast<std::size_t>(&c - clients_.data())));
        check_ready(c, bytes.substr(0, end));
        bytes.remove_prefix(end + 4);
        return true;
    }

    void check_ready(client& c, std::string_view heard) {
        if (!c.ready && heard.find(options_.ready) != std::string_view::npos) {
            c.ready = true;
            ++ready_;
        }
    }

    void take_frames(client& c, std::string_view bytes) {
        while (bytes.size() >= 2) {
            const auto at = [&](std::size_t i) {
                return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
            };
            std::size_t header = 2, size = at(1);
            if (size == 126) {
                if (bytes.size() < 4)
                    break;
                header = 4;
                size = at(2) << 8 | at(3);
            }
            if (bytes.size() < header + size)
                break;
            take_frame(c, at(0), bytes.substr(header, size));
            bytes.remove_prefix(header + size);
        }
        if (!bytes.empty())
            c.rest = bytes;
    }

    void take_frame(client& c, std::size_t first, std::string_view payload) {
        if (first == 0x81 && payload.starts_with(delivery_prefix)) {
            ++deliveries_;
            ++c.deliveries;
            std::int64_t sent = 0;
            std::from_chars(payload.data() + delivery_prefix.size(), payload.data() + payload.size(), sent);
            seen_.add(last_ - sent);
            return;
        }
        if (first == 0x89) { // a pong with a mask of zeros
            std::string pong{'\x8A', static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0};
            return send(c, pong.append(payload));
        }
        check_ready(c, payload);
        if (on_other)
            on_other(c, payload);
    }

    options options_;
    int epoll_;
    std::vector<client> clients_;
    std::vector<char> buffer_ = std::vector<char>(256 * 1024);
    std::size_t ready_ = 0;
    std::size_t lost_ = 0;
    std::uint64_t deliveries_ = 0;
    std::int64_t last_ = 0;
    latencies seen_;
};

/// A text frame as clients send it, with a mask of zeros, of up to 65 535 bytes.
inline std::string client_frame(std::string_view text) {
    std::string made{'\x81'};
    if (text.size() < 126)
        made += static_cast<char>(0x80 | text.size());
    else
        made.append({'\xFE', static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xFF)});
    return made.append(4, '\0').append(text);
}

} // namespace infra::realtime::bench
