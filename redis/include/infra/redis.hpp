#pragma once

/// Redis at the speed of Redis: one connection a loop, on which everything that is asked at once travels together.
///
///     infra::redis::client redis(infra::redis::options_from("redis://127.0.0.1:6379"));
///     co_await redis.execute<void>({"SET", "user:42", "Ada", "PX", 60'000});
///     auto name = co_await redis.execute<std::optional<std::string>>({"GET", "user:42"});
///
/// command.hpp tells how commands are made, reply.hpp what comes back, options.hpp what is bounded and by how much,
/// errc.hpp what goes wrong; script.hpp, session.hpp and subscription.hpp are for what their names say.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/time.hpp>
#include <infra/redis/command.hpp>
#include <infra/redis/errc.hpp>
#include <infra/redis/options.hpp>
#include <infra/redis/reply.hpp>
#include <infra/redis/script.hpp>
#include <infra/redis/session.hpp>
#include <infra/redis/subscription.hpp>
#include <infra/redis/tracking.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::redis {

namespace detail {
class client_state;
}

/// What a client is doing, over all loops.
struct client_status {
    std::string server;           ///< `redis://10.0.0.5:6379/0`; as describe() has it
    std::size_t connections = 0;  ///< shared ones that are up; in a cluster one a node and loop
    std::size_t expected = 0;     ///< shared ones that have been used, and so should be
    std::size_t sessions = 0;     ///< open, leased or kept
    std::size_t commands = 0;     ///< that wait or are on their way
    std::uint64_t reconnects = 0; ///< connections lost so far
    std::string last_problem;     ///< why the last connection failed, was lost or has to wait; stays when it is mended
    std::size_t not_ready = 0;    ///< of `connections`: whose server loads its data, so that commands wait
};

/// Sends commands and gives their replies.
///
/// Every call ends by its deadline (options::default_deadline unless it names one). While there is no connection
/// commands wait, within bounds; when one is lost, those not yet sent are kept, those sent are sent again only if that
/// does no harm (redis::replay), and the rest fail with errc::lost. While the server loads its data they wait as well.
///
/// Commands that block (BLPOP, BZPOPMIN, XREAD … BLOCK) get a connection of their own for as long as they last,
/// within options::max_sessions. Their deadline is the time they name and default_deadline on top; one that waits
/// without end needs a deadline. Commands that change a connection's state (SELECT, WATCH, MULTI, SUBSCRIBE, CLIENT
/// REPLY …) are refused with errc::invalid_input, since they would change it for all, and WAIT, which asks of the writes
/// of its own connection. transaction(), lease() and subscribe() are for those.
///
/// Behind sentinels (options::sentinel) it goes after the master. In a cluster (options::cluster) each command goes to
/// the master of its keys' slot, and after it when the slot moves. MGET, MSET, DEL, UNLINK, EXISTS and TOUCH with keys in
/// several slots are split and no longer one step; other commands and transactions with such keys are refused with
/// errc::invalid_input before anything is sent, and so is SCAN, for which there are masters() and execute_at(). A batch
/// is done in its order at each node.
///
/// Metrics: redis_commands_total{outcome}, redis_command_duration_seconds, redis_queued_commands, redis_connections,
/// redis_connects_total{outcome}, redis_connections_lost_total, redis_commands_replayed_total, redis_sent_bytes_total,
/// redis_received_bytes_total, redis_commands_per_write. Log lines of module `redis` tell of connections. None of them
/// carries a key.
///
/// Threads:  any member from any thread. A call made on one of the client's loops uses that loop's connection and
///           crosses no thread; any other goes to the loops in turn, all that one thread asks at once with one wake-up.
/// Errors:   infra::error. Codes: redis::errc, and of infra::errc: timed_out, overloaded, closed, invalid_input. An
///           error that the server answers is a value in a `reply` and throws where a T is asked for.
/// Cancel:   all types, at any moment; throws asio::error::operation_aborted, whose text says whether the command had
///           been sent, or, from another thread, may have been. Its reply, when it comes, is dropped.
/// Lifetime: the loops must outlive the client. The first call connects. Destruction does not block: calls under way
///           get infra::errc::closed, or errc::lost where they had been sent.
class client {
public:
    /// On the loops of the default runtime.
    explicit client(options to = {}, clock& time = real_clock());

    /// On these, each of which runs one handler at a time.
    client(std::vector<executor> loops, options to = {}, clock& time = real_clock());

    ~client();
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;

    /// The reply, be it an error.
    awaitable<reply> execute(command c, std::optional<deadline> limit = {}) const;

    /// A reply for each command. If some had been answered before the connection was lost, only what may be sent again
    /// is; if that does not do, the whole batch fails.
    awaitable<std::vector<reply>> execute(batch b, std::optional<deadline> limit = {}) const;

    /// The reply as a T (reply.hpp). Throws errc::server if it is an error.
    template <class T>
    awaitable<T> execute(command c, std::optional<deadline> limit = {}) const {
        co_return to<T>(co_await execute(std::move(c), limit));
    }

    /// MULTI, the commands, EXEC: all or nothing, without those of others in between. Throws errc::server when the
    /// server refuses one of them before it begins; errors while it runs are among the replies. Sent again only if
    /// every command may be. Calls of scripts travel in full.
    awaitable<std::vector<reply>> transaction(batch b, std::optional<deadline> limit = {}) const;

    /// The servers that hold the data, each a part of it: a cluster's masters, otherwise the one there is. For what has to
    /// be done at each of them, such as SCAN:
    ///
    ///     for (const auto& master : co_await redis.masters())
    ///         co_await redis.execute_at(master, {"SCAN", 0});
    awaitable<std::vector<std::string>> masters(std::optional<deadline> limit = {}) const;

    /// Throws errc::not_connected when it is none of them any more.
    awaitable<reply> execute_at(std::string master, command c, std::optional<deadline> limit = {}) const;

    /// A connection of one's own. Throws errc::exhausted when none came free in time.
    awaitable<session> lease(std::optional<deadline> limit = {}) const;

    /// The same to the server that has this key: in a cluster a session belongs to one node, and lease() is refused.
    awaitable<session> lease_for(std::string key, std::optional<deadline> limit = {}) const;

    /// Returns once the server has confirmed all of it. Throws errc::server when it refuses some.
    awaitable<subscription> subscribe(subscribe_request request, std::optional<deadline> limit = {}) const;

    /// Begins to tell what changes, on a connection of its own, in a cluster one to each master, and again after each
    /// loss. Throws errc::closed after stop().
    [[nodiscard]] tracking track(track_request request, std::weak_ptr<change_listener> to) const;

    /// PING on this loop's connection: how long it took. For health checks.
    awaitable<std::chrono::nanoseconds> ping(std::optional<deadline> limit = {}) const;

    client_status status() const;

    /// Accepts nothing more, waits for the calls under way until `limit`, cuts those that are left (they get
    /// infra::errc::closed, or errc::lost where they had been sent) and closes the connections. Returns by `limit`, or
    /// 0.2 s later where a loop stands still. Again: waits for the same end.
    awaitable<void> stop(deadline limit) const;

private:
    std::shared_ptr<detail::client_state> state_;
};

} // namespace infra::redis
