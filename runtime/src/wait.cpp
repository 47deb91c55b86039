#include <infra/runtime/wait.hpp>

#include <infra/base/error.hpp>

namespace infra::detail {

void refuse_to_wait_on_a_loop() {
    if (event_loop::current())
        throw error(errc::invalid_state,
                    "infra::wait was called on an event loop, which would wait for itself; co_await the operation");
}

} // namespace infra::detail
