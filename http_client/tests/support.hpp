#pragma once

/// A loop that a test turns, and a server on it that plays a script on every connection.

#include <infra/base/awaitable.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>
#include <infra/http_client/client_errc.hpp>
#include <infra/testing/test_loop.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::http {

using testing::outcome;
using testing::test_loop;

/// The far end of a connection, in the clear or under TLS.
class connection {
public:
    virtual ~connection() = default;

    /// What came next, at least a byte; empty at the end.
    virtual awaitable<std::string> read_some() = 0;
    virtual awaitable<void> write(std::string bytes) = 0;
    virtual awaitable<void> start() { co_return; }

    /// A whole request with its Content-Length's body; empty at the end.
    awaitable<std::string> read_request() {
        while (true) {
            if (const auto size = request_size(); size && buffer_.size() >= *size) {
                auto request = buffer_.substr(0, *size);
                buffer_.erase(0, *size);
                co_return request;
            }
            const auto more = co_await read_some();
            if (more.empty())
                co_return std::string();
            buffer_ += more;
        }
    }

private:
    std::optional<std::size_t> request_size() const {
        const auto end = buffer_.find("\r\n\r\n");
        if (end == std::string::npos)
            return std::nullopt;
        const auto field = buffer_.find("Content-Length: ");
        const bool has_body = field != std::string::npos && field < end;
        return end + 4 + (has_body ? std::stoul(buffer_.substr(field + 16)) : 0);
    }

    std::string buffer_;
};

class tcp_connection final : public connection {
public:
    explicit tcp_connection(asio::ip::tcp::socket s) : socket_(std::move(s)) {}

    awaitable<std::string> read_some() override {
        std::string chunk(65536, '\0');
        boost::system::error_code ec;
        chunk.resize(
            co_await socket_.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, ec)));
        co_return chunk;
    }
    awaitable<void> write(std::string bytes) override {
        co_await asio::async_write(socket_, asio::buffer(bytes), asio::use_awaitable);
    }
    void close() { socket_.close(); }
    void reset() {
        socket_.set_option(asio::socket_base::linger(true, 0));
        socket_.close();
    }

private:
    asio::ip::tcp::socket socket_;
};

/// Plays `script` on every connection it accepts, and closes the connection when the script ends.
class test_server {
public:
    using script = std::function<awaitable<void>(connection&)>;
    using wrapper = std::function<std::unique_ptr<connection>(asio::ip::tcp::socket)>;

    test_server(executor ex, script play, wrapper wrap = wrap_tcp)
        : state_(std::make_shared<state>(std::move(ex), std::move(play), std::move(wrap))) {
        asio::co_spawn(state_->ex, accept(state_), asio::detached);
    }
    ~test_server() { state_->acceptor.close(); }

    std::uint16_t port() const { return state_->acceptor.local_endpoint().port(); }
    std::string authority() const { return "127.0.0.1:" + std::to_string(port()); }
    std::string url(std::string_view path = "/") const { return "http://" + authority() + std::string(path); }

    int accepted() const { return state_->accepted; }
    int open() const { return state_->open; }

private:
    struct state {
        state(executor e, script s, wrapper w)
            : ex(std::move(e)),
              play(std::move(s)),
              wrap(std::move(w)),
              acceptor(ex, {asio::ip::address_v4::loopback(), 0}) {}
        executor ex;
        script play;
        wrapper wrap;
        asio::ip::tcp::acceptor acceptor;
        int accepted = 0;
        int open = 0;
    };

    static std::unique_ptr<connection> wrap_tcp(asio::ip::tcp::socket s) {
        return std::make_unique<tcp_connection>(std::move(s));
    }

    static awaitable<void> accept(std::shared_ptr<state> s) {
        while (s->acceptor.is_open()) {
            boost::system::error_code ec;
            auto socket = co_await s->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                co_return;
            ++s->accepted;
            asio::co_spawn(s->ex, serve(s, s->wrap(std::move(socket))), asio::detached);
        }
    }

    static awaitable<void> serve(std::shared_ptr<state> s, std::unique_ptr<connection> c) {
        ++s->open;
        try {
            co_await c->start();
            co_await s->play(*c);
        } catch (const boost::system::system_error&) {
            // the client went away, or refused our certificate; the test sees that from its own side
        }
        --s->open;
    }

    std::shared_ptr<state> state_;
};

/// `head` is the lines after the status line, each with CRLF.
inline std::string response(int status, std::string_view body, std::string_view head = "") {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + std::string(head) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// Answers each request with what `reply` makes of it, until the client closes.
inline test_server::script answering(std::function<std::string(std::string)> reply) {
    return [reply](connection& c) -> awaitable<void> {
        while (true) {
            auto request = co_await c.read_request();
            if (request.empty())
                co_return;
            co_await c.write(reply(std::move(request)));
        }
    };
}

inline test_server::script answering(std::string fixed) {
    return answering([fixed](const std::string&) { return fixed; });
}

/// Reads one request, writes `bytes` and closes.
inline test_server::script writing(std::string bytes) {
    return [bytes](connection& c) -> awaitable<void> {
        co_await c.read_request();
        co_await c.write(bytes);
    };
}

/// Reads and never answers.
inline test_server::script silent() {
    return [](connection& c) -> awaitable<void> {
        while (!(co_await c.read_some()).empty()) {
        }
    };
}

/// Whether the server may have received the request that failed so.
inline bool may_have_arrived(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const client_error& e) {
        return e.may_have_arrived();
    }
}

/// The value of a field in a raw request; empty if it is not there.
inline std::string field_of(const std::string& request, std::string_view name) {
    const auto at = request.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos)
        return {};
    const auto begin = at + name.size() + 4;
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

// AddressSanitizer keeps what is freed.
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr std::size_t leeway = std::size_t{1} << 30;
#else
inline constexpr std::size_t leeway = 0;
#endif

inline std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0, resident = 0;
    statm >> all >> resident;
    return resident * 4096;
}

inline std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }

} // namespace infra::http
