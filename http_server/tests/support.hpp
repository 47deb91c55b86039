#pragma once

/// A server and raw clients on one loop that the test turns by hand: bytes in, bytes out, and no thread but the test's.

#include <infra/base/context_executor.hpp>
#include <infra/http_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace infra::http {

using namespace std::chrono_literals;

/// A loop that gives up on a test that waits absurdly long.
class test_loop {
public:
    struct outcome {
        bool done = false;
        std::exception_ptr failure;
    };

    executor get_executor() { return with_context(io_.get_executor()); }

    std::shared_ptr<outcome> spawn(awaitable<void> operation) {
        auto result = std::make_shared<outcome>();
        asio::co_spawn(get_executor(), std::move(operation), [result](std::exception_ptr failure) {
            result->done = true;
            result->failure = failure;
        });
        return result;
    }

    /// Runs what is ready now.
    void poll() {
        io_.restart();
        io_.poll();
    }

    /// Turns until `done()`; false if that never comes.
    bool until(const std::function<bool()>& done) {
        const auto give_up = std::chrono::steady_clock::now() + 20s;
        while (!done()) {
            io_.restart();
            io_.run_one_for(20ms);
            if (std::chrono::steady_clock::now() > give_up)
                return false;
        }
        return true;
    }

    /// What a coroutine gives; a test's failure if it never does.
    template <class T>
    T get(awaitable<T> operation) {
        std::optional<T> value;
        std::exception_ptr failure;
        asio::co_spawn(get_executor(), std::move(operation), [&](std::exception_ptr e, T v) {
            failure = e;
            value.emplace(std::move(v));
        });
        EXPECT_TRUE(until([&] { return value.has_value(); }));
        if (failure)
            std::rethrow_exception(failure);
        return std::move(*value);
    }

    asio::io_context& io() { return io_; }

private:
    asio::io_context io_{1};
};

/// A client's end: the socket and nothing on top.
class raw_client {
public:
    raw_client(test_loop& loop, std::uint16_t port)
        : loop_(&loop), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0) << std::strerror(errno);
        ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    }
    raw_client(raw_client&& other) noexcept
        : loop_(other.loop_), fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
    ~raw_client() { close(); }

    /// Sends all of it, letting the server take it in between.
    void send(std::string_view bytes) {
        loop_->until([&] {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
                return true; // the server has closed; the test sees that elsewhere
            bytes.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
            return bytes.empty();
        });
        loop_->poll();
    }

    void finish_sending() { ::shutdown(fd_, SHUT_WR); }

    void close() {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }

    /// Takes what lies there without turning the loop. Never blocks.
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
            received_.append(buffer, static_cast<std::size_t>(got));
        }
    }

    /// The next `size` bytes.
    std::string read(std::size_t size) {
        EXPECT_TRUE(loop_->until([&] { return collect(), received_.size() >= size || closed_; }));
        return take(std::min(size, received_.size()));
    }

    /// Up to and with `mark`.
    std::string read_to(std::string_view mark) {
        std::size_t at = std::string::npos;
        EXPECT_TRUE(loop_->until([&] {
            collect();
            at = received_.find(mark);
            return at != std::string::npos || closed_;
        }));
        return take(at == std::string::npos ? received_.size() : at + mark.size());
    }

    /// One response: its head, and the body that its Content-Length announces.
    std::string read_response(bool with_body = true) {
        auto text = read_to("\r\n\r\n");
        static const std::regex length("Content-Length: (\\d+)\r\n");
        std::smatch found;
        if (with_body && std::regex_search(text, found, length))
            text += read(std::stoul(found[1]));
        return text;
    }

    /// Everything until the server closes.
    std::string read_all() {
        EXPECT_TRUE(loop_->until([&] { return collect(), closed_; }));
        return take(received_.size());
    }

    bool closed() {
        collect();
        return closed_;
    }
    bool was_reset() const { return reset_; }
    const std::string& received() {
        collect();
        return received_;
    }
    int descriptor() const { return fd_; }

private:
    std::string take(std::size_t size) {
        auto taken = received_.substr(0, size);
        received_.erase(0, size);
        return taken;
    }

    test_loop* loop_;
    int fd_;
    std::string received_;
    bool closed_ = false;
    bool reset_ = false;
};

/// A server under test, running.
class served {
public:
    explicit served(router routes, server_options options = {}) {
        options.port = 0;
        server.emplace(std::vector<executor>{loop.get_executor()}, std::move(routes), std::move(options), time);
        server->listen();
        running = loop.spawn(server->run());
        loop.poll();
    }
    ~served() {
        server.reset();
        loop.until([&] { return running->done; });
        loop.poll();
    }

    raw_client connect() {
        raw_client client(loop, server->port());
        loop.poll();
        return client;
    }

    /// One request on a connection of its own, answered with `Connection: close`.
    std::string exchange(std::string_view bytes) {
        auto client = connect();
        client.send(bytes);
        client.finish_sending();
        return client.read_all();
    }

    /// Lets time pass, in steps, so that every sweep on the way happens.
    void pass(std::chrono::milliseconds d) {
        for (auto left = d; left > 0ms; left -= 10ms) {
            time.advance(std::min(left, std::chrono::milliseconds(10ms)));
            loop.poll();
        }
    }

    manual_clock time;
    test_loop loop;
    std::optional<http::server> server;
    std::shared_ptr<test_loop::outcome> running;
};

/// The response without what differs from run to run: Traceparent, and X-Request-Id if `ids`.
inline std::string stable(std::string text, bool ids = true) {
    static const std::regex trace("Traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\r\n");
    static const std::regex id("X-Request-Id: [0-9a-f-]{36}\r\n");
    static const std::regex id_in_body(",\"request_id\":\"[0-9a-f-]{36}\"");
    text = std::regex_replace(text, trace, "");
    return ids ? std::regex_replace(std::regex_replace(text, id, ""), id_in_body, "") : text;
}

/// "404" of "HTTP/1.1 404 Not Found…"; empty if it is no response.
inline std::string status_of(std::string_view response) {
    return response.starts_with("HTTP/1.1 ") && response.size() > 12 ? std::string(response.substr(9, 3)) : "";
}

inline std::string body_of(std::string_view response) {
    const auto end = response.find("\r\n\r\n");
    return end == std::string_view::npos ? "" : std::string(response.substr(end + 4));
}

/// The value of a response's field; empty if it has none.
inline std::string field_of(std::string_view response, std::string_view name) {
    const auto at = response.find("\r\n" + std::string(name) + ": ");
    if (at == std::string_view::npos || at > response.find("\r\n\r\n"))
        return "";
    const auto begin = at + name.size() + 4;
    return std::string(response.substr(begin, response.find("\r\n", begin) - begin));
}

/// A folder of its own, gone with the test.
class temporary_folder {
public:
    temporary_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "infra-http-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    void write(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }

private:
    std::filesystem::path path_;
};

} // namespace infra::http
