#pragma once

/// Ctrl-C that lets an operation tidy up behind itself.

#include <infra/base/awaitable.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <exception>
#include <optional>
#include <utility>

namespace infra::cli {

/// Runs the operation on a loop of its own, here. SIGINT and SIGTERM cancel it; it then throws errc::cancelled once it has ended. A second
/// signal ends the process.
template <class T>
T until_interrupted(awaitable<T> operation) {
    asio::io_context loop{1};
    asio::cancellation_signal cancel;
    asio::signal_set signals(loop, SIGINT, SIGTERM);
    bool interrupted = false;
    std::exception_ptr failed;
    std::optional<T> result;
    signals.async_wait([&](boost::system::error_code ec, int) {
        if (ec)
            return;
        interrupted = true;
        signals.clear(); // as it was before
        cancel.emit(asio::cancellation_type::terminal);
    });
    asio::co_spawn(with_context(loop.get_executor()), detail::as_optional(std::move(operation)),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e, std::optional<T> value) {
                       failed = e;
                       result = std::move(value);
                       signals.cancel();
                   }));
    loop.run();
    if (interrupted && failed)
        throw error(errc::cancelled, "interrupted");
    if (failed)
        std::rethrow_exception(failed);
    return std::move(*result);
}

} // namespace infra::cli
