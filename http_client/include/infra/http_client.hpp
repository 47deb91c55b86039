#pragma once

/// Outgoing HTTP: a request goes in, a response comes out, within one deadline.
///
///     infra::http::client http(co_await asio::this_coro::executor);
///     auto response = co_await http.send({.method = http::method::post,
///                                         .url = "https://api.example.com/items",
///                                         .headers = {{"content-type", "application/json"}},
///                                         .body = R"({"name":"lamp"})",
///                                         .deadline = deadline::after(5s)});
///     if (response.status == 201) use(response.body);
///
/// A status is an answer, whatever its number; only the absence of an answer throws (client_errc.hpp).

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/http_message.hpp>
#include <infra/base/shared_bytes.hpp>
#include <infra/base/time.hpp>
#include <infra/http_client/client_errc.hpp>
#include <infra/http_client/client_options.hpp>
#include <infra/http_client/client_stream.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace infra::http {

/// Gives the next bytes of a body; empty at the end.
using body_source = std::function<awaitable<std::string>()>;

struct client_request {
    /// Any but `connect` and `other`.
    http::method method = http::method::get;

    /// http or https, absolute, percent-encoded where RFC 3986 asks for it; the path is sent as it is spelled here. A
    /// name and password in it become an Authorization header, unless there is one among `headers`. A fragment is not
    /// sent.
    std::string url{};

    /// Sent as given. The fields that frame a message belong to the client and are refused: Connection,
    /// Content-Length, Expect, Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade. An
    /// Accept-Encoding here means that the body is wanted as it comes, not decoded.
    http::headers headers{};

    /// Not copied for a redirect, nor when it is sent again.
    shared_bytes body{};

    /// Instead of `body`: asked for piece after piece, on the executor of whoever awaits send(), while the client takes
    /// them in; see client_options::stream_buffer. It is cancelled when the response comes first, and has ended when
    /// send() returns. What it throws, send() throws; the server is left with a request without an end.
    http::body_source body_source{};

    /// How many bytes it will give. Without, they go in chunks, which not every server takes.
    std::optional<std::uint64_t> body_size{};

    /// When to give up, for everything together: waiting for a connection, connecting, sending, redirects, receiving; of
    /// open(), up to the head of the response. Empty means client_options::default_deadline from now;
    /// `deadline::never()` means never.
    std::optional<infra::deadline> deadline{};

    /// Empty means client_options::max_response_body, and of open() no limit.
    std::optional<std::size_t> max_response_body{};

    /// Not one of the kept connections, and ask for the host's address anew: for when that host has just failed.
    bool fresh_connection = false;

    /// Send the body only once the server wants it (`Expect: 100-continue`), or has said nothing for a second: a refusal is then heard
    /// for certain, and costs no body. One round trip more; for bodies that are large and may be refused.
    bool expect_continue = false;
};

/// How long after the beginning of the last hop each step was done; zero for a step that did not take place.
struct client_timings {
    std::chrono::microseconds resolved{};
    std::chrono::microseconds connected{};
    std::chrono::microseconds secured{};    ///< the TLS handshake
    std::chrono::microseconds first_byte{}; ///< of the response
    std::chrono::microseconds total{};
    bool reused_connection = false;
};

struct client_response {
    int status = 0;

    /// Of the last response. Where the body was decoded, Content-Encoding and Content-Length are left out, since they
    /// speak of what was sent.
    http::headers headers{};

    std::string body{};

    /// Where the answer came from after redirects, without name and password. It may still carry secrets in its query.
    std::string effective_url{};

    client_timings timings{};
};

/// Sends requests and keeps the connections for the next ones to the same host.
///
/// Each send() and open() is one client span, with a `traceparent` in the request, and counts once in http_client_requests_total
/// and http_client_request_duration_seconds, redirects included. Neither they nor error texts carry what a URL's
/// user part and query say, or any header.
///
/// Nothing is repeated here, because only the caller knows what may be: is_retryable(code) says whether repeating could
/// help. (libcurl itself sends a request again on a new connection when a kept one turns out closed before any answer;
/// where a body_source has begun that is client_errc::lost instead, and a redirect that keeps the body is
/// client_errc::redirect.)
///
/// Threads:  one loop does the work, that of the executor given, which must run one handler at a time. Members may be
///           called from any thread, send() awaited on any loop. Names are resolved on libcurl's short-lived threads.
/// Errors:   client_error, an infra::error that says whether the server may have received the request. Codes: client_errc,
///           and of infra::errc: timed_out, closed, overloaded, invalid_input (a malformed URL). std::invalid_argument for
///           what a program should not have asked: bad options, a framing header, a method that cannot be sent.
/// Cancel:   all types, at any moment; throws asio::error::operation_aborted. The server may have received everything,
///           part or nothing of the request. The connection is closed unless it is shared (HTTP/2).
/// Lifetime: the loop must outlive the client. Destruction does not block: requests in flight get errc::closed.
class client {
public:
    /// Opens nothing yet. `time` decides when deadlines pass and must outlive the client; connect_timeout goes by the
    /// real clock.
    explicit client(executor ex, client_options options = {}, clock& time = real_clock());
    ~client();
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;

    awaitable<client_response> send(client_request request) const;

    /// The response as soon as its head is there; its body comes by client_stream::read().
    awaitable<client_stream> open(client_request request) const;

    /// Accepts nothing more, waits for requests in flight and open streams until `limit`, cuts those that are left (they get
    /// errc::closed) and closes the connections. Again: waits for the same end.
    awaitable<void> stop(deadline limit) const;

private:
    struct core;
    std::shared_ptr<core> core_;
};

} // namespace infra::http
