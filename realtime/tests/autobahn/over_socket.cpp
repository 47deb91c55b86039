#include "over_socket.hpp"

#include "src/websocket/extension_offer.hpp"
#include "src/websocket/peer.hpp"
#include "src/websocket/server.hpp"

#include <infra/http_server.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace infra::realtime::websocket::autobahn {
namespace {

constexpr std::size_t largest = 16 * 1024 * 1024;

// Texts leave as those of a channel do, compressed or not; the protocol has no binary ones.
bool echo(peer& to, const event& e, const std::shared_ptr<const channel_facts>& channel) {
    if (e.what == event::kind::binary) {
        to.send_encoded(echo_of(opcode::binary, e.bytes, to.deflates()));
        return true;
    }
    to.send(frame(e.bytes, {.channel = channel}));
    const auto group = to.group();
    asio::post(group->get_executor(), [group] { group->flush(); });
    return true;
}

class socket_link final : public link {
public:
    socket_link(std::uint16_t port, const std::string& offer) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval patience{.tv_sec = 20, .tv_usec = 0};
        const int yes = 1; // so that chops are
        if (::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
            ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
            ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
            throw std::runtime_error("no connection");
        shake_hands(offer);
        pass_over_welcome();
    }
    ~socket_link() override { ::close(fd_); }

    bool send(std::string_view bytes) override {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    std::string receive() override {
        if (!received_.empty())
            return std::exchange(received_, {});
        std::string bytes(256 * 1024, '\0');
        const auto size = ::recv(fd_, bytes.data(), bytes.size(), 0);
        if (size < 0)
            throw std::runtime_error("the server neither answers nor hangs up in order");
        bytes.resize(static_cast<std::size_t>(size));
        return bytes;
    }

private:
    void shake_hands(const std::string& offer) {
        send("GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
             (offer.empty() ? "" : "Sec-WebSocket-Extensions: " + offer + "\r\n") + "\r\n");
        const auto answer = until("\r\n\r\n");
        const auto agreed = accept_deflate(offer);
        const auto wanted = agreed ? "Sec-WebSocket-Extensions: " + agreed->to_text() + "\r\n" : "";
        if (!answer.starts_with("HTTP/1.1 101 ") || answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == std::string::npos ||
            answer.find(wanted) == std::string::npos ||
            agreed.has_value() != (answer.find("Extensions") != std::string::npos))
            throw std::runtime_error("the handshake was answered " + answer);
    }

    // A text of fewer than 126 bytes or a few more.
    void pass_over_welcome() {
        const auto head = until("\"welcome\"");
        until(head.find("}}") == std::string::npos ? "}}" : "");
    }

    std::string until(std::string_view end) {
        for (;;) {
            const auto at = received_.find(end);
            if (at != std::string::npos) {
                auto before = received_.substr(0, at + end.size());
                received_.erase(0, before.size());
                return before;
            }
            auto more = std::exchange(received_, {});
            const auto next = receive();
            if (next.empty())
                throw std::runtime_error("the server has hung up");
            received_ = more + next;
        }
    }

    int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::string received_;
};

} // namespace

struct echo_service::parts {
    event_loop loop{"autobahn"};
    hub at{{.limits = {.max_message_bytes = largest, .max_queue_bytes = 4 * largest}, .on = loop.get_executor()}};
    std::shared_ptr<detail::websocket_state> sockets =
        detail::websocket_state::make(at, {.max_inflation = 2'000, .handshakes_per_second = 1'000'000});
    http::router routes;
    std::optional<http::server> server;
};

echo_service::echo_service() : parts_(std::make_unique<parts>()) {
    auto& p = *parts_;
    p.sockets->terms().before_session = [channel = std::make_shared<const channel_facts>()](peer& to, const event& e) {
        return echo(to, e, channel);
    };
    detail::websocket_state::mount(p.sockets, p.routes, "/ws");
    p.server.emplace(std::vector{p.loop.get_executor()}, p.routes,
                     http::server_options{.port = 0, .access_log = false});
    p.server->listen();
    asio::co_spawn(p.loop.get_executor(), p.server->run(), asio::detached);
    p.loop.start();
}

echo_service::~echo_service() = default;

std::unique_ptr<link> echo_service::connect(const std::string& offer) const {
    return std::make_unique<socket_link>(parts_->server->port(), offer);
}

} // namespace infra::realtime::websocket::autobahn
