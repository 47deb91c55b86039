#pragma once

// One caller of a connection.

#include "continuation.hpp"
#include "request.hpp"

#include <infra/base/awaitable.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include <optional>
#include <string>

namespace infra::redis::detail {

class pipeline;

/// A request whose coroutine waits for it. It lives in that coroutine, and `of` longer.
///
///     waiter w(pipeline, commands, replies, limit);
///     co_await w.done();
///     w.throw_failure();
class waiter : public request {
public:
    waiter(pipeline& of, std::span<const command> what, std::span<reply> into, deadline by, steady_time asked) noexcept;
    ~waiter();
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    /// Puts it on the queue, and completes once it has ended: never at once, not even when there is no room.
    auto done() {
        admit();
        return asio::async_initiate<const asio::deferred_t&, void()>(
            [](auto handler, waiter* self) { self->hold(std::move(handler)); }, asio::deferred, this);
    }

    void throw_failure() const;

    /// It ended since its connection was retired, or cannot be made and any other will do: what was asked may be asked
    /// elsewhere.
    bool is_for_elsewhere() const noexcept;

private:
    friend class pipeline;

    template <class Handler>
    void hold(Handler handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected())
            slot.assign([this](asio::cancellation_type) { cancel(); });
        continuation_.hold(std::move(handler));
        begin();
    }

    void admit();
    void begin();
    void cancel();
    std::optional<std::size_t> sent_again_from() noexcept;
    std::string sentence() const;
    const char* what_was_missing() const noexcept;

    pipeline& of_;
    steady_time asked_;
    std::uint8_t doubts_ = 0; // refusals that somebody else may have said
    continuation continuation_;
};

} // namespace infra::redis::detail
