#pragma once

/// A connection of one's own, for what must not be shared: WATCH, and whatever else remembers something on the server's
/// side.
///
///     auto own = co_await redis.lease();
///     co_await own.execute<void>({"WATCH", "stock:7"});
///     auto left = co_await own.execute<int>({"GET", "stock:7"});
///     if (auto done = co_await own.transaction({{"SET", "stock:7", left - 1}})) ship();
///     else try_again();                              // somebody changed it meanwhile

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>
#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace infra::redis {

namespace detail {
class own_connection;
}

/// It is given back when destroyed: kept for the next lease if nothing is on its way and no command changed the
/// connection's state, otherwise closed. It does not reconnect: once lost, everything fails with errc::lost or
/// errc::not_connected.
///
/// Threads:  those of the executor on which it was leased, destruction included.
/// Errors:   as client, deadlines of commands that block included; nothing is ever sent again, so that LOADING is the reply
///           of a server that begins to load its data. SUBSCRIBE and its like, MONITOR and CLIENT REPLY are refused with
///           errc::invalid_input, since they would break the order of replies.
/// Cancel:   as client, but the connection ends with what was cancelled or timed out: its reply could belong to nobody.
/// Lifetime: may outlive the client, and is closed by then.
class session {
public:
    session() noexcept = default; ///< of nothing: only to be assigned to
    explicit session(std::shared_ptr<detail::own_connection> through) noexcept;
    ~session();
    session(session&&) noexcept = default;
    session& operator=(session&&) noexcept;

    awaitable<reply> execute(command c, std::optional<deadline> limit = {}) const;
    awaitable<std::vector<reply>> execute(batch b, std::optional<deadline> limit = {}) const;
    template <class T>
    awaitable<T> execute(command c, std::optional<deadline> limit = {}) const {
        co_return to<T>(co_await execute(std::move(c), limit));
    }

    /// The replies of all commands; empty when a key under WATCH was changed and nothing was done.
    awaitable<std::optional<std::vector<reply>>> transaction(batch b, std::optional<deadline> limit = {}) const;

    bool is_open() const noexcept;

private:
    std::shared_ptr<detail::own_connection> through_;
};

} // namespace infra::redis
