#pragma once

/// Where a server is and what can be set about talking to it.
///
///     auto to = redis::options_from("rediss://shop:secret@cache.internal:6380/2?client_name=shop&ca_file=/etc/ca.pem");
///     to.default_deadline = 500ms;
///     redis::client cache(to);

#include <infra/base/backoff.hpp>
#include <infra/runtime/environment.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::redis {

struct tls_options {
    /// Certificates to trust, in PEM, instead of the system's. At most one of the two.
    std::string ca_file{};
    std::string ca_directory{}; ///< hashed as by `openssl rehash`

    /// Who the server has to prove to be; empty means the host that is connected to: `host`, or what sentinels and
    /// clusters call it. Sentinels have to prove the same.
    std::string server_name{};

    /// Talk to anybody who claims to be the server. The password and all data are then open to whoever stands between.
    bool insecure_accept_any_certificate = false;
};

/// One of several servers of which any will do to ask.
struct endpoint {
    std::string host{};
    std::uint16_t port = 0;
    friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// A master and its replicas, watched by sentinels that name another master when it fails.
struct sentinel_options {
    /// 1 to 64. They are asked in turn, the last that answered first; others of which they tell are asked after them.
    std::vector<endpoint> sentinels{};

    std::string master{}; ///< the name by which they know it. Not empty

    std::string username{}; ///< the sentinels' own; empty: their "default"
    std::string password{}; ///< likewise; empty: none, whatever the master's is
};

/// Several masters, each with a part of the keys.
struct cluster_options {
    std::vector<endpoint> seeds{}; ///< 1 to 64. Any of them tells of all others
};

struct options {
    // --- Behaviour ---

    std::string host = "127.0.0.1"; ///< a name or an address
    std::uint16_t port = 6379;      ///< 1 to 65535
    std::string socket_path{};      ///< a Unix socket, instead of host and port

    /// At most one of the two, instead of host, port and socket_path.
    std::optional<sentinel_options> sentinel{};
    std::optional<cluster_options> cluster{};

    std::string username{}; ///< empty: the server's "default"
    std::string password{}; ///< empty: none
    int database = 0;       ///< at least 0; a cluster has no other

    std::optional<tls_options> tls{}; ///< not set: in the clear

    /// What CLIENT LIST shows. No spaces, printable ASCII.
    std::string client_name = "infra";

    /// 3 falls back to 2 where the server knows no HELLO; 2 asks for nothing newer. 2 or 3.
    int protocol = 3;

    /// For a call that names no deadline of its own. More than zero.
    std::chrono::milliseconds default_deadline = std::chrono::seconds(2);

    /// For name, connection, TLS and greeting together. More than zero.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);

    // --- Tuning ---

    /// Commands that wait or are on their way on one connection, in number and in bytes; one more is refused with
    /// infra::errc::overloaded. As much again may be on its way to a loop from other threads. More bridge longer outages
    /// and cost memory. At least 1 and 1 KiB.
    std::size_t max_queued_commands = 100'000;
    std::size_t max_queued_bytes = 64 * 1024 * 1024;

    /// In memory, once it is there; half as much again for moments while it grows. A longer reply ends the connection,
    /// since what follows it would have to be read in vain. From 1 KiB to 4 GiB.
    std::size_t max_reply_bytes = 256 * 1024 * 1024;

    /// Connections for sessions and blocking commands, over all loops; one more waits. 1 to 10 000.
    std::size_t max_sessions = 16;
    /// How long an unused one is kept. More than zero.
    std::chrono::milliseconds session_max_idle = std::chrono::seconds(30);

    /// Between attempts to connect; begins anew with each connection that held. Also between questions to a server that
    /// loads its data.
    backoff reconnect{.type = backoff::kind::exponential,
                      .delay = std::chrono::milliseconds(50),
                      .max = std::chrono::milliseconds(1000),
                      .jitter = 0.5};

    /// An idle connection is asked for a PING this often; one whose command blocks is asked after by the kernel (TCP
    /// keepalive, in whole seconds). Shorter finds dead peers sooner. At least 100 ms.
    std::chrono::milliseconds ping_every = std::chrono::seconds(5);

    /// A connection that owes an answer to what it has in full and says nothing for so long is given up; so is one that
    /// takes no more bytes.
    /// It has to exceed what the slowest script may take. At least 100 ms.
    std::chrono::milliseconds response_timeout = std::chrono::seconds(5);

    /// How long the first of several commands waits for company. Zero: until the loop's turn ends, which costs nothing.
    /// Some 20 µs can save CPU on both sides where many coroutines ask at once, at the price of that much latency. At
    /// most 100 ms.
    std::chrono::microseconds flush_delay{0};
};

/// From `redis://[user[:password]@]host[:port][/database]`, `rediss://…` (TLS) or
/// `unix://[user[:password]@]/path/of/socket?db=N`, each percent-encoded where RFC 3986 asks for it and with any of
/// `?db=`, `protocol=2|3`, `client_name=`, `ca_file=`, `ca_directory=`, `server_name=`, `verify=no`, `max_sessions=`,
/// and in milliseconds `deadline=`, `connect_timeout=`. The user may be left out: `redis://:secret@host`.
///
/// Sentinels: `redis+sentinel://[user[:password]@]host[:port][,host[:port]…]/master-name[/database]`, whose user and
/// password are the master's; the sentinels' own are `?sentinel_user=` and `sentinel_password=`. Their port is 26379
/// unless it is told. A cluster: `redis+cluster://[user[:password]@]host[:port][,host[:port]…]`. With TLS, to all of
/// them: `rediss+sentinel://`, `rediss+cluster://`.
///
/// Throws infra::error, errc::invalid_input, which names the bad part and repeats no password: `the URL of Redis has a
/// port that is not a number from 1 to 65535`.
options options_from(std::string_view url);

/// From REDIS_URL; empty when it is not set. Errors are errc::misconfigured and begin with the variable's name.
std::optional<options> options_from(const environment& variables);

/// `rediss://cache.internal:6380/2`: without user and password, for messages.
std::string describe(const options& o);

/// Throws std::invalid_argument naming the field. The client's constructor does it.
void validate(const options& o);

} // namespace infra::redis
