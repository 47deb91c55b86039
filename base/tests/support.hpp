#pragma once

/// A loop that a test turns by hand.

#include <infra/base/awaitable.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>

namespace infra {

struct outcome {
    bool done = false;
    std::exception_ptr failure;
};

class test_loop {
    static auto note(std::shared_ptr<outcome> result) {
        return [result](std::exception_ptr failure) {
            result->done = true;
            result->failure = failure;
        };
    }

public:
    executor get_executor() { return with_context(io_.get_executor()); }

    std::shared_ptr<outcome> spawn(awaitable<void> operation) {
        auto result = std::make_shared<outcome>();
        asio::co_spawn(get_executor(), std::move(operation), note(result));
        return result;
    }

    std::shared_ptr<outcome> spawn_cancellable(awaitable<void> operation, asio::cancellation_signal& signal) {
        auto result = std::make_shared<outcome>();
        asio::co_spawn(get_executor(), std::move(operation), asio::bind_cancellation_slot(signal.slot(), note(result)));
        return result;
    }

    /// Runs whatever is ready.
    void poll() {
        io_.restart();
        io_.poll();
    }

    /// Runs until nothing is left to wait for.
    void run() {
        io_.restart();
        io_.run();
    }

private:
    asio::io_context io_{1};
};

} // namespace infra
