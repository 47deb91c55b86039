#pragma once

/// A loop that a test turns, and servers of its own for a test.

#include <infra/base/awaitable.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>
#include <infra/redis.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <sys/types.h>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace infra::redis {

using namespace std::chrono_literals;

/// How a spawned coroutine ended.
template <class T>
struct outcome {
    std::optional<T> value;
    std::exception_ptr failure;
    bool done() const { return value.has_value() || failure; }
    boost::system::error_code code() const { return code_of(failure); }
    std::string what() const { return infra::describe(failure); }
};

class test_loop {
public:
    executor get_executor() { return with_context(io.get_executor()); }

    template <class T>
    std::shared_ptr<outcome<T>> spawn(awaitable<T> operation, asio::cancellation_slot slot = {}) {
        auto result = std::make_shared<outcome<T>>();
        asio::co_spawn(get_executor(), wrap(std::move(operation)),
                       asio::bind_cancellation_slot(slot, [result](std::exception_ptr e, std::optional<T> value) {
                           result->failure = e;
                           result->value = std::move(value);
                       }));
        return result;
    }

    /// Turns the loop until `done()`; gives up after a time that only a hang takes.
    template <class Done>
    void until(Done done) {
        const auto give_up = std::chrono::steady_clock::now() + 30s;
        while (!done()) {
            io.restart();
            io.run_one_for(50ms);
            if (std::chrono::steady_clock::now() > give_up)
                throw std::runtime_error("the test's loop waited for something that never came");
        }
    }

    /// Turns the loop until nothing has moved for a while.
    void settle() {
        std::size_t moved = 1;
        while (moved > 0) {
            io.restart();
            moved = io.run_one_for(20ms);
        }
    }

    void cancel(asio::cancellation_signal& signal) {
        bool emitted = false;
        asio::post(io, [&] {
            signal.emit(asio::cancellation_type::terminal);
            emitted = true;
        });
        until([&] { return emitted; });
    }

    template <class T>
    std::shared_ptr<outcome<T>> run(awaitable<T> operation) {
        auto result = spawn(std::move(operation));
        until([&] { return result->done(); });
        return result;
    }

    /// What the operation gives; fails the test when it throws.
    template <class T>
    T get(awaitable<T> operation) {
        auto result = run(std::move(operation));
        if (result->failure)
            std::rethrow_exception(result->failure);
        return std::move(*result->value);
    }

    void wait(awaitable<void> operation) { get(as_bool(std::move(operation))); }

    std::shared_ptr<outcome<bool>> run(awaitable<void> operation) { return run(as_bool(std::move(operation))); }
    std::shared_ptr<outcome<bool>> spawn(awaitable<void> operation, asio::cancellation_slot slot = {}) {
        return spawn(as_bool(std::move(operation)), slot);
    }

    asio::io_context io{1};

private:
    template <class T>
    static awaitable<std::optional<T>> wrap(awaitable<T> operation) {
        co_return std::optional<T>(co_await std::move(operation));
    }
    static awaitable<bool> as_bool(awaitable<void> operation) {
        co_await std::move(operation);
        co_return true;
    }
};

/// A folder of its own, gone at the end.
class temporary_folder {
public:
    temporary_folder();
    ~temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// A port nobody listens on at this moment.
std::uint16_t free_port();

/// A redis-server on a Unix socket and a free port of loopback, ended with the object by its process id.
class server {
public:
    /// More of its configuration: {"--requirepass", "secret"}. `tcp` false: the socket alone.
    explicit server(std::vector<std::string> more = {}, bool tcp = true);
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Tests begin with `if (!server::installed()) GTEST_SKIP() << server::how_to_install;`
    static bool installed();
    static constexpr const char* how_to_install = "redis-server is not installed (apt-get install redis-server)";

    std::string socket() const { return folder_.path() + "/redis.sock"; }
    std::uint16_t port() const noexcept { return port_; }
    const std::string& folder() const noexcept { return folder_.path(); }
    options over_socket() const { return {.socket_path = socket()}; }
    options over_tcp() const { return {.port = port_}; }

    void start();         ///< again, on the same port
    void kill();          ///< -9, and waits until it has ended
    void pause() const;   ///< SIGSTOP
    void proceed() const; ///< SIGCONT

private:
    bool answers() const;

    temporary_folder folder_;
    std::uint16_t port_ = 0;
    std::vector<std::string> command_;
    pid_t pid_ = -1;
};

} // namespace infra::redis
