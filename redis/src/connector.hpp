#pragma once

// From an address to a greeted connection.

#include "greeting.hpp"
#include "place.hpp"
#include "tls.hpp"
#include "transport.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/time.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

namespace infra::redis::detail {

struct opened {
    std::unique_ptr<transport> through;
    server_facts facts;
};

using endpoint = asio::generic::stream_protocol::endpoint;

/// The first of these that answers. One that says nothing leaves time for the others: each has an equal share of what is
/// left. The kernel asks after the peer once it is silent for `idle`.
awaitable<stream_socket> connect_to_any(executor ex, std::vector<endpoint> addresses, std::chrono::seconds idle,
                                        deadline limit, clock& time);

/// Makes the connections of one client.
///
/// Threads:  open() from any loop.
/// Errors:   infra::error: errc::not_connected where nobody answers, errc::refused where the server does not want us,
///           errc::protocol where it is no Redis, errc::misconfigured for certificates that cannot be used.
/// Cancel:   terminal, at once.
class connector {
public:
    connector(const options& o, clock& time);

    /// A greeted connection whose socket lives on `ex`, within options::connect_timeout and `limit`.
    awaitable<opened> open(executor ex, deadline limit);

    const options& settings() const noexcept { return options_; }
    clock& time() const noexcept { return time_; }

private:
    awaitable<opened> open_in_time(executor ex, deadline limit, std::string_view& doing);
    std::shared_ptr<tls_context> tls();

    const options options_;
    clock& time_;
    const std::unique_ptr<place> place_;
    std::mutex making_;
    std::shared_ptr<tls_context> tls_; // guarded by making_
};

} // namespace infra::redis::detail
