#pragma once

// What the cache's tests share: a loop to await on, turned by hand, and a clock that stands still.

#include <infra/base/clock.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>
#include <infra/cache.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::cache::tests {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

struct user {
    std::string name{};
    std::optional<int> age{};
    friend bool operator==(const user&, const user&) = default;
};
BOOST_DESCRIBE_STRUCT(user, (), (name, age))

/// An operation that was started, and how it ended.
template <class T>
struct pending {
    std::optional<T> value;
    std::exception_ptr failure;
    bool ended = false;
    asio::cancellation_signal cancel;
};

class test_loop {
public:
    executor get_executor() { return with_context(io.get_executor()); }

    template <class T>
    auto start(awaitable<T> operation) {
        using value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
        auto end = std::make_shared<pending<value>>();
        asio::co_spawn(get_executor(), keep<T, value>(std::move(operation), end),
                       asio::bind_cancellation_slot(end->cancel.slot(), [end](std::exception_ptr e) {
                           end->failure = e;
                           end->ended = true;
                       }));
        return end;
    }

    /// Runs what can run now.
    void settle() {
        io.restart();
        io.poll();
    }

    /// Turns the loop until `done`; false if that takes absurdly long.
    bool until(const std::function<bool()>& done) {
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > give_up)
                return false;
            io.restart();
            io.run_one_for(20ms);
        }
        return true;
    }

    /// Cancels on the loop: from elsewhere, Boost 1.81 posts the emission and forgets to keep the signal alive for it.
    template <class T>
    void cancel(const std::shared_ptr<pending<T>>& operation) {
        asio::post(io, [operation] { operation->cancel.emit(asio::cancellation_type::terminal); });
        settle();
    }

    /// What the operation gives or throws.
    template <class T>
    T await(awaitable<T> operation) {
        const auto end = start(std::move(operation));
        if (!until([&] { return end->ended; }))
            throw std::runtime_error("the operation did not end");
        if (end->failure)
            std::rethrow_exception(end->failure);
        if constexpr (!std::is_void_v<T>)
            return std::move(*end->value);
    }

    /// The code of what the operation throws; success if nothing.
    template <class T>
    boost::system::error_code code_of(awaitable<T> operation) {
        const auto end = start(std::move(operation));
        until([&] { return end->ended; });
        return infra::code_of(end->failure);
    }

    asio::io_context io{1};

private:
    template <class T, class Value>
    static awaitable<void> keep(awaitable<T> operation, std::shared_ptr<pending<Value>> end) {
        if constexpr (std::is_void_v<T>)
            co_await std::move(operation);
        else
            end->value.emplace(co_await std::move(operation));
    }
};

} // namespace infra::cache::tests
