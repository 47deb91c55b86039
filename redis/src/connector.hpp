#pragma once

// From an address to a greeted connection.

#include "greeting.hpp"
#include "place.hpp"
#include "tls.hpp"
#include "transport.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/time.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace infra::redis::detail {

struct opened {
    std::unique_ptr<transport> through;
    server_facts facts;
    address at{};   ///< which server it is, as far as one can tell servers apart
    address peer{}; ///< of the socket
};

using socket_endpoint = asio::generic::stream_protocol::endpoint;

/// When one of so many has to have answered, that it may leave the others as much time.
deadline share(deadline limit, steady_time now, std::size_t of);

/// The first of these that answers. One that says nothing leaves time for the others: each has an equal share of what is
/// left. The kernel asks after the peer once it is silent for `idle`.
awaitable<stream_socket> connect_to_any(executor ex, std::vector<socket_endpoint> addresses, std::chrono::seconds idle,
                                        deadline limit, clock& time);

/// The same, that one before the others if it is among them.
std::vector<socket_endpoint> with_first(std::vector<socket_endpoint> addresses, const address& one);

/// Makes the connections of one client.
///
/// Threads:  open() from any loop.
/// Errors:   infra::error: errc::not_connected where nobody answers, errc::refused where the server does not want us,
///           errc::protocol where it is no Redis, errc::misconfigured for certificates that cannot be used.
/// Cancel:   terminal, at once.
class connector {
public:
    connector(const options& o, clock& time);
    connector(const options& o, clock& time, std::unique_ptr<place> where);

    /// From now on servers are looked for there. Before anything else.
    void look_in(std::unique_ptr<place> where) { place_ = std::move(where); }

    /// From now on all connections are to lead to one server: of the addresses of a name each takes first the one that
    /// answered last.
    void keep_together() noexcept { together_ = true; }

    /// `by` says that the server has moved: it is the one to ask.
    void believe(const address& by) { place_->believe(by); }

    /// A greeted connection to where the server is said to be, whose socket lives on `ex`, within
    /// options::connect_timeout and `limit`.
    awaitable<opened> open(executor ex, deadline limit);

    /// The same to this address, whoever is there.
    awaitable<opened> open_at(executor ex, address at, deadline limit);

    /// What the server at `at` answers to `words`, on a connection for nothing else.
    awaitable<std::vector<reply>> ask_at(executor ex, address at, std::vector<command> words, std::size_t max_bytes,
                                         deadline limit);

    const options& settings() const noexcept { return options_; }
    clock& time() const noexcept { return time_; }

private:
    awaitable<opened> in_time(executor ex, std::optional<address> at, deadline limit);
    awaitable<opened> find_and_open(executor ex, std::optional<address> at, deadline limit, std::string_view& doing);
    awaitable<opened> open_there(executor ex, address to, deadline limit, std::string_view& doing);
    std::vector<socket_endpoint> in_order(std::vector<socket_endpoint> addresses);
    void remember(std::optional<address> answered);
    std::shared_ptr<tls_context> tls();

    const options options_;
    clock& time_;
    std::unique_ptr<place> place_;
    std::mutex making_;
    std::shared_ptr<tls_context> tls_; // guarded by making_
    std::atomic<bool> together_{false};
    std::mutex led_there_;
    std::optional<address> answered_; // guarded by led_there_: of those to which the server's name leads
};

} // namespace infra::redis::detail
