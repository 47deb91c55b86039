#pragma once

/// A hub behind a real WebSocket server, and clients that write bytes: one loop, one thread, and time in the test's hand.

#include "src/websocket/frame_reader.hpp"
#include "src/websocket/frame_writer.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/json.hpp>
#include <infra/http_server.hpp>
#include <infra/realtime/websocket.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::websocket {

using namespace std::chrono_literals;

struct service_options {
    hub_options hub{};
    websocket_options websocket{};
    http::server_options http{};
    std::function<void(realtime::hub, http::router&)> before{}; ///< more routes
};

/// `subscribe` is allowed to all. On a loop of its own, or on one that it shares with others.
class service {
    const std::unique_ptr<testing::test_loop> own_;

public:
    explicit service(service_options options = {}) : service(std::move(options), nullptr) {}
    service(service_options options, testing::test_loop* shared)
        : own_(shared ? nullptr : std::make_unique<testing::test_loop>()),
          loop(shared ? *shared : *own_),
          at(complete(std::move(options.hub), loop, time)),
          sockets(std::in_place, at, std::move(options.websocket)) {
        sockets->mount(routes, "/ws");
        if (options.before)
            options.before(at, routes);
        options.http.port = 0;
        options.http.access_log = false;
        server.emplace(std::vector{loop.get_executor()}, routes, options.http, time);
        server->listen();
        running = loop.spawn(server->run());
    }
    ~service() {
        server.reset();
        sockets.reset();
        loop.settle();
    }

    /// Until nothing moves: what is written to a socket of this machine can be read at once.
    void turn() {
        for (int quiet = 0; quiet < 3; ++quiet) {
            loop.io.restart();
            if (loop.io.poll() > 0)
                quiet = 0;
        }
    }
    void advance(std::chrono::nanoseconds by) {
        turn();
        time.advance(by);
        turn();
    }

    testing::test_loop& loop;
    manual_clock time;
    hub at;
    http::router routes;
    std::optional<websocket_server> sockets;
    std::optional<http::server> server;
    std::shared_ptr<testing::outcome<bool>> running;

private:
    static hub_options complete(hub_options o, testing::test_loop& loop, manual_clock& time) {
        o.on = loop.get_executor();
        o.time = &time;
        if (!o.authorize)
            o.authorize = [](access_request) { return true; };
        return o;
    }
};

/// One frame as a client sees it.
struct received_frame {
    event::kind what{};
    std::string bytes{};
    close_code code = close_code::no_status;
};

class raw_client {
public:
    explicit raw_client(service& s, int receive_buffer = 0)
        : s_(&s), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (receive_buffer > 0)
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(s.server->port());
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0) << std::strerror(errno);
        ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    }
    raw_client(raw_client&& other) noexcept
        : s_(other.s_),
          fd_(std::exchange(other.fd_, -1)),
          reader_(std::move(other.reader_)),
          unread_(std::move(other.unread_)),
          closed_(other.closed_),
          reset_(other.reset_) {}
    ~raw_client() { vanish(); }

    static std::string handshake(std::string_view extra = {}, std::string_view target = "/ws") {
        return "GET " + std::string(target) +
               " HTTP/1.1\r\nHost: shop.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
               std::string(extra) + "\r\n";
    }

    /// The head of the answer, and its body where it says how long that is.
    std::string ask(std::string_view request) {
        send(request);
        EXPECT_TRUE(until([&] { return unread_.find("\r\n\r\n") != std::string::npos || closed_; }));
        auto size = std::min(unread_.find("\r\n\r\n") + 4, unread_.size());
        if (const auto at = unread_.find("Content-Length: "); at < size) {
            size += std::stoul(unread_.substr(at + 16));
            EXPECT_TRUE(until([&] { return unread_.size() >= size || closed_; }));
        }
        auto answer = unread_.substr(0, size);
        unread_.erase(0, size);
        return answer;
    }
    /// A client that has been welcomed.
    static raw_client joined(service& s, std::string_view extra = {}, int receive_buffer = 0) {
        raw_client c(s, receive_buffer);
        const auto answer = c.ask(handshake(extra));
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
        EXPECT_EQ(c.type_of(c.read()), "welcome");
        return c;
    }

    void send(std::string_view bytes) {
        until([&] {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
                return true; // the server has closed; the test sees that elsewhere
            bytes.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
            return bytes.empty();
        });
    }
    void say(std::string_view text) { send(make_masked_frame(opcode::text, text, {'a', 'b', 'c', 'd'})); }
    void say(opcode o, std::string_view payload) { send(make_masked_frame(o, payload, {'a', 'b', 'c', 'd'})); }
    void say_close(std::uint16_t code) {
        say(opcode::close, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)});
    }
    void subscribe(std::string_view channel) {
        say(R"({"type":"subscribe","channel":")" + std::string(channel) + "\"}");
        EXPECT_EQ(type_of(read()), "subscribed");
    }

    /// The next frame, or nothing once the connection has ended.
    std::optional<received_frame> read() {
        std::optional<received_frame> found;
        EXPECT_TRUE(until([&] { return (found = next()) || closed_; }));
        return found;
    }
    /// What has come by now.
    std::vector<received_frame> read_all() {
        s_->turn();
        collect();
        std::vector<received_frame> all;
        while (auto each = next())
            all.push_back(std::move(*each));
        return all;
    }
    static std::string type_of(const std::optional<received_frame>& f) {
        if (!f || f->what != event::kind::text)
            return "";
        const auto read = json::parse<json::value>(f->bytes);
        return read ? std::string(read->at("type").as_string()) : "";
    }
    /// Reads until the close frame; its code.
    close_code read_to_close() {
        while (const auto f = read())
            if (f->what == event::kind::close)
                return f->code;
        return close_code::abnormal;
    }

    /// Whether the server closes, turning its loop.
    bool ends() {
        return until([&] { return closed_; });
    }
    bool is_closed() const noexcept { return closed_; } ///< as far as has been read
    bool was_reset() const noexcept { return reset_; }
    void finish_sending() { ::shutdown(fd_, SHUT_WR); }
    void vanish() {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }
    void collect() {
        char buffer[65536];
        while (!closed_) {
            const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
            if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                return;
            if (got <= 0) {
                closed_ = true;
                reset_ = got < 0;
                return;
            }
            unread_.append(buffer, static_cast<std::size_t>(got));
        }
    }
    /// At most so many, which nobody looks at.
    void read_bytes(std::size_t most) {
        std::string gone(most, '\0');
        ::recv(fd_, gone.data(), gone.size(), 0);
    }
    const std::string& unread() const noexcept { return unread_; }
    std::string take_all() { return std::exchange(unread_, {}); }

private:
    std::optional<received_frame> next() {
        collect();
        std::span<char> bytes(unread_);
        const auto e = reader_.next(bytes);
        std::optional<received_frame> found;
        if (e)
            found = received_frame{.what = e->what, .bytes = std::string(e->bytes), .code = e->code};
        unread_.erase(0, unread_.size() - bytes.size());
        return found;
    }
    template <class Done>
    bool until(Done done) {
        s_->loop.until([&] { return collect(), done(); });
        return true;
    }

    static const reader_limits& limits() {
        static const reader_limits l{.max_message_bytes = 64 * 1024 * 1024, .max_inflation = 1e6};
        return l;
    }

    service* s_;
    int fd_;
    frame_reader reader_{limits(), {.deflate = true, .from_client = false}};
    std::string unread_;
    bool closed_ = false;
    bool reset_ = false;
};

} // namespace infra::realtime::websocket
