#include <infra/testing/test_loop.hpp>

#include <infra/base/context_executor.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <stdexcept>

namespace infra::testing {

executor test_loop::get_executor() { return with_context(io.get_executor()); }

void test_loop::until(const std::function<bool()>& done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
        io.restart();
        io.run_one_for(std::chrono::milliseconds(50));
        if (std::chrono::steady_clock::now() > give_up)
            throw std::runtime_error("the test's loop waited for something that never came");
    }
}

void test_loop::settle() {
    std::size_t moved = 1;
    while (moved > 0) {
        io.restart();
        moved = io.run_one_for(std::chrono::milliseconds(20));
    }
}

void test_loop::cancel(asio::cancellation_signal& signal) {
    bool emitted = false;
    asio::post(io, [&] {
        signal.emit(asio::cancellation_type::terminal);
        emitted = true;
    });
    until([&] { return emitted; });
}

awaitable<bool> test_loop::as_bool(awaitable<void> operation) {
    co_await std::move(operation);
    co_return true;
}

void test_loop::begin(awaitable<void> operation, asio::cancellation_slot slot,
                      std::function<void(std::exception_ptr)> end) {
    asio::co_spawn(get_executor(), std::move(operation), asio::bind_cancellation_slot(slot, std::move(end)));
}

} // namespace infra::testing
