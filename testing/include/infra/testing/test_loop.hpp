#pragma once

/// A loop that a test turns by hand.
///
///     infra::testing::test_loop loop;
///     auto answer = loop.get(client.ask("x"));                  // what it gives; throws what it throws
///     auto waiting = loop.spawn(client.ask("y"));
///     loop.until([&] { return waiting->done(); });
///     EXPECT_EQ(waiting->code(), infra::errc::timed_out);

#include <infra/base/awaitable.hpp>
#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
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
    executor get_executor();

    /// Begins it; what ends it is read off the outcome.
    template <class T>
    std::shared_ptr<outcome<T>> spawn(awaitable<T> operation, asio::cancellation_slot slot = {}) {
        auto result = std::make_shared<outcome<T>>();
        auto kept = std::make_shared<std::optional<T>>();
        begin(infra::detail::keep(std::move(operation), *kept), slot, [result, kept](std::exception_ptr failure) {
            result->failure = std::move(failure);
            result->value = std::move(*kept);
        });
        return result;
    }
    std::shared_ptr<outcome<bool>> spawn(awaitable<void> operation, asio::cancellation_slot slot = {}) {
        return spawn(as_bool(std::move(operation)), slot);
    }

    /// Turns the loop until `done()`.
    void until(const std::function<bool()>& done);

    /// Turns the loop until nothing has moved for a while.
    void settle();

    /// Emits on the loop: from elsewhere, Boost 1.81 posts the emission and forgets to keep the signal alive for it.
    void cancel(asio::cancellation_signal& signal);

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
    static awaitable<bool> as_bool(awaitable<void> operation);
    void begin(awaitable<void> operation, asio::cancellation_slot slot, std::function<void(std::exception_ptr)> end);
};

} // namespace infra::testing
