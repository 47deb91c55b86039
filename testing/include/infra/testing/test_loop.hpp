#pragma once

/// A loop that a test turns by hand.
///
///     infra::testing::test_loop loop;
///     auto answer = loop.get(client.ask("x"));                  // what it gives; throws what it throws
///     auto waiting = loop.spawn(client.ask("y"));
///     loop.until([&] { return waiting->done(); });
///     EXPECT_EQ(waiting->code(), infra::errc::timed_out);

#include <infra/base/awaitable.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace infra::testing {

/// How a spawned coroutine ended.
template <class T>
struct outcome {
    std::optional<T> value;
    std::exception_ptr failure;
    bool done() const { return value.has_value() || failure; }
    boost::system::error_code code() const { return code_of(failure); }
    std::string what() const { return describe(failure); }
};

/// Threads:  one, that of the test.
/// Errors:   std::runtime_error from what turns the loop, when what it waits for does not come within 30 s: a hang.
/// Lifetime: destroys what was spawned and has not ended.
class test_loop {
public:
    executor get_executor() { return with_context(io.get_executor()); }

    /// Begins it; what ends it is read off the outcome.
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
    std::shared_ptr<outcome<bool>> spawn(awaitable<void> operation, asio::cancellation_slot slot = {}) {
        return spawn(as_bool(std::move(operation)), slot);
    }

    /// Turns the loop until `done()`.
    template <class Done>
    void until(Done done) {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!done()) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(50));
            if (std::chrono::steady_clock::now() > give_up)
                throw std::runtime_error("the test's loop waited for something that never came");
        }
    }

    /// Turns the loop until nothing has moved for a while.
    void settle() {
        std::size_t moved = 1;
        while (moved > 0) {
            io.restart();
            moved = io.run_one_for(std::chrono::milliseconds(20));
        }
    }

    /// Emits on the loop: from elsewhere, Boost 1.81 posts the emission and forgets to keep the signal alive for it.
    void cancel(asio::cancellation_signal& signal) {
        bool emitted = false;
        asio::post(io, [&] {
            signal.emit(asio::cancellation_type::terminal);
            emitted = true;
        });
        until([&] { return emitted; });
    }

    /// Begins it and turns the loop until it has ended.
    template <class T>
    std::shared_ptr<outcome<T>> run(awaitable<T> operation) {
        auto result = spawn(std::move(operation));
        until([&] { return result->done(); });
        return result;
    }
    std::shared_ptr<outcome<bool>> run(awaitable<void> operation) { return run(as_bool(std::move(operation))); }

    /// What it gives, or throws.
    template <class T>
    T get(awaitable<T> operation) {
        auto result = run(std::move(operation));
        if (result->failure)
            std::rethrow_exception(result->failure);
        return std::move(*result->value);
    }
    void wait(awaitable<void> operation) { get(as_bool(std::move(operation))); }

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

} // namespace infra::testing
