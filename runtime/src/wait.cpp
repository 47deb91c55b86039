#include <infra/runtime/wait.hpp>

#include <infra/base/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <future>

namespace infra::detail {

void refuse_to_wait_on_a_loop() {
    if (event_loop::current())
        throw error(errc::invalid_state,
                    "infra::wait was called on an event loop, which would wait for itself; co_await the operation");
}

void wait(awaitable<void> operation, executor ex) {
    refuse_to_wait_on_a_loop();
    asio::co_spawn(std::move(ex), std::move(operation), asio::use_future).get();
}

} // namespace infra::detail
