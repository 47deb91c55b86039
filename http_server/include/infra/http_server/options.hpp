#pragma once

/// What a server may be told. Every field has a default that is safe to run with.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::http {

/// Bounds on what a client may send, and on how many clients there may be. Each is at least 1 unless it says otherwise.
struct server_limits {
    /// Request line and header fields together; one byte more is 431. 256 bytes to 1 MiB.
    std::size_t max_header_bytes = 16 * 1024;
    /// Header fields of a request; one more is 431. Raise it only together with the bytes.
    std::size_t max_header_fields = 100;
    /// One byte more is 413, before the body is read where its length is announced. May be 0.
    std::size_t max_body_bytes = 1024 * 1024;
    /// Open connections over all loops, upgraded ones included; one more is answered 503 with Retry-After and closed.
    /// Each may hold its body's bytes: memory is bounded by the product.
    std::size_t max_connections = 10'000;
};

/// How long a client may take. Checked by one timer a loop, so a connection may live up to a quarter of the shortest of
/// them (at most a second) longer. Each is greater than zero.
struct server_timeouts {
    std::chrono::milliseconds header{10'000};  ///< from a request's first byte (or the accept) to its blank line: 408
    std::chrono::milliseconds body{30'000};    ///< from there to the end of the body: 408
    std::chrono::milliseconds idle{75'000};    ///< between requests: closed. Longer than the proxy's in front of it.
    std::chrono::milliseconds write{30'000};   ///< without a byte taken by the client: closed
    std::chrono::milliseconds handler{60'000}; ///< until a coroutine handler has its response: cancelled, 503
};

/// Who in a browser may call us from another site (the Fetch standard's CORS). Without it no header is sent, and
/// browsers refuse.
struct cors_options {
    /// `https://shop.example`, exactly as browsers send it, or `*` for everybody (not together with `credentials`).
    std::vector<std::string> origins{};
    std::vector<std::string> methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}; ///< what they may ask
    /// Request headers beyond the simple ones; `*` echoes what the browser asks for.
    std::vector<std::string> headers{"content-type", "authorization", "x-request-id", "traceparent"};
    std::vector<std::string> exposed_headers{"x-request-id", "traceparent"}; ///< what scripts may read
    bool credentials = false;                                                ///< cookies and HTTP authentication
    std::chrono::seconds max_age{600}; ///< how long a browser remembers a preflight
};

/// TLS in this process; needs the component http_server_tls. The README tells when to leave it to the proxy.
struct tls_options {
    std::string certificate_file{}; ///< PEM, the server's own first, then the intermediates
    std::string private_key_file{}; ///< PEM, not encrypted
};

/// The fields in which proxies tell whom they forward. What they do not write themselves they pass on as the client has sent it, so one
/// kind is read and the other ignored.
enum class forwarding {
    x_forwarded, ///< `X-Forwarded-For`, `-Proto` and `-Host`, as nearly all have it
    forwarded,   ///< `Forwarded`, RFC 7239
};

/// What trusted_proxies takes: an address, or a network such as `10.0.0.0/8` or `2001:db8::/32`.
bool is_network(std::string_view text) noexcept;

struct server_options {
    std::string host = "127.0.0.1";     ///< a numeric address to listen on; `0.0.0.0` or `::` for all interfaces
    std::uint16_t port = 3000;          ///< 0: any free one, see server::port()
    server_limits limits{};             ///< how much a client may send
    server_timeouts timeouts{};         ///< how long a client may take
    std::optional<cors_options> cors{}; ///< pages of which other sites may call us; not set: none
    /// Networks (`10.0.0.0/8`, `::1`) whose `X-Forwarded-For`, `-Proto` and `-Host` are believed. Anybody can write those
    /// headers: name the proxy, not the world.
    std::vector<std::string> trusted_proxies{};
    forwarding forwarded_in = forwarding::x_forwarded; ///< what those proxies write
    std::optional<tls_options> tls{};                  ///< not set: plain HTTP
    bool access_log = true;                            ///< one line a request, level info, module "http"
    int backlog = 1024;                                ///< connections the kernel holds for us while we are busy
};

} // namespace infra::http
