#include "opening.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace infra::redis::detail {
namespace {

// What `stop` emits ends it, as does whoever waits for it.
template <class T, class... Ended>
awaitable<T> until_stopped(executor ex, awaitable<T> what, asio::cancellation_signal& stop) {
    auto start = [ex = std::move(ex), &stop](auto handler, awaitable<T> begun) {
        if (auto from = asio::get_associated_cancellation_slot(handler); from.is_connected())
            from.assign([&stop](asio::cancellation_type type) { stop.emit(type); });
        asio::co_spawn(ex, std::move(begun), asio::bind_cancellation_slot(stop.slot(), std::move(handler)));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>&, void(std::exception_ptr, Ended...)>(
        start, asio::use_awaitable, std::move(what));
}

} // namespace

awaitable<opened> opening::attempt(deadline limit) {
    return at_ ? through_.open_at(io_executor_, *at_, limit) : through_.open(io_executor_, limit);
}

awaitable<opened> opening::open(deadline limit) {
    while (true) {
        moved_ = false;
        try {
            auto made = co_await until_stopped<opened, opened>(executor_, attempt(limit), stop_);
            if (!moved_)
                co_return made;
            made.through->close();
        } catch (const boost::system::system_error&) {
            if (!moved_ || closed_)
                throw;
        }
    }
}

awaitable<void> opening::pause(std::chrono::nanoseconds time) {
    moved_ = false;
    try {
        co_await until_stopped<void>(executor_, through_.time().sleep_for(time), stop_);
    } catch (const boost::system::system_error&) {
        if (!moved_ || closed_)
            throw;
    }
}

void opening::server_has_moved() {
    moved_ = true;
    stop_.emit(asio::cancellation_type::terminal);
}

} // namespace infra::redis::detail
