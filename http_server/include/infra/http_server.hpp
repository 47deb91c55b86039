#pragma once

/// Incoming HTTP/1.1: a router, a server, and the way out of HTTP for WebSockets.
///
///     infra::http::router routes;
///     routes.get("/hello/{name}", [](const infra::http::request& req) {
///         return infra::http::response::text("hello, " + std::string(req.param("name")));
///     });
///     infra::http::server server(routes, {.port = 8080});
///     infra::wait(server.run());               // until somebody calls server.stop()
///
/// request.hpp and response.hpp tell what a handler sees and gives, router.hpp how paths are matched, options.hpp what is
/// bounded and by how much.

#include <infra/base/clock.hpp>
#include <infra/http_server/options.hpp>
#include <infra/http_server/request.hpp>
#include <infra/http_server/response.hpp>
#include <infra/http_server/router.hpp>
#include <infra/http_server/upgrade.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace infra::http {

namespace detail {
class server_state;
}

/// Accepts connections and answers requests.
///
/// One loop accepts and deals connections out to all loops in turn; from then on a connection stays with its loop.
///
/// What is refused before a handler sees it: malformed 400, too slow 408, header too large 431, body too large 413, an
/// expectation other than 100-continue 417, an unknown transfer coding 501, HTTP/2 and later 505; too many connections
/// 503. A handler's exception is a 500 with the request's id and nothing else; what was thrown goes to the log.
///
/// Every request gets an id (a valid `X-Request-Id` of the client's is kept) and a span (the child of a `traceparent`); both
/// are in the handler's context and in the response's fields.
///
/// Metrics: http_server_requests_total{method,route,status}, http_server_request_duration_seconds{method,route},
/// http_server_active_connections, http_server_connections_total, http_server_connections_refused_total. `route` is the
/// pattern, "(unmatched)" when there was none.
///
/// Threads:  run(), stop(), stop_accepting(), port() and url() from any thread; listen() before run().
/// Errors:   listen() and run() throw infra::error (errc::unavailable, errc::misconfigured) when the address cannot be
///           listened on or a certificate not used; constructors throw std::invalid_argument naming the bad option.
/// Cancel:   cancelling run() is a stop() without patience.
/// Lifetime: the executors and the clock outlive the server and its connections. The destructor cuts everything and
///           returns at once: answers that have not been written are lost. stop() is the orderly way.
class server {
public:
    /// On the loops of the default runtime.
    explicit server(router routes, server_options options = {}, clock& time = real_clock());

    /// On these, each of which runs on one thread or is a strand.
    server(std::vector<executor> loops, router routes, server_options options = {}, clock& time = real_clock());

    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Binds and listens, so that port() is known and the kernel accepts; connections wait until run(). Once; run() does it
    /// otherwise.
    void listen();

    /// Serves until stop(). At once when stopped already.
    awaitable<void> run();

    /// The first step of stop() alone: nobody new is let in, and who connects is refused by the kernel. Those who are in stay, as long as
    /// they like.
    void stop_accepting() noexcept;

    /// Drains: stops accepting, closes idle connections at once, says `Connection: close` in the answers to come, waits for
    /// those until `limit`, then cuts what is left (coroutine handlers and upgraded connections are cancelled). Returns when
    /// no connection is left. The second call waits for the same end; an earlier deadline counts.
    awaitable<void> stop(deadline limit = deadline::after(std::chrono::seconds(25)));

    std::uint16_t port() const noexcept; ///< that listened on; 0 before
    std::string url() const;             ///< "http://127.0.0.1:3000"

    std::size_t connections() const noexcept; ///< open now, over all loops

private:
    std::shared_ptr<detail::server_state> state_;
};

} // namespace infra::http
