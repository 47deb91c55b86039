#pragma once

/// What can be set on an HTTP client, all of it optional.
///
///     infra::http::client http(ex, {.max_redirects = 3, .proxy = proxies_from(environment::of_process())});

#include <infra/runtime/environment.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace infra::http {

/// Which proxy stands before which scheme. An empty string means a direct connection; the client itself never looks
/// into the environment.
struct proxy_options {
    /// `http://[user:password@]host:port`, also https, socks5 and socks5h. For http:// requests.
    std::string http{};
    /// The same for https:// requests, which go through it in a tunnel.
    std::string https{};
    /// Hosts to reach without, separated by commas: `localhost,.internal,10.0.0.0/8`; `*` for all.
    std::string no_proxy{};
};

/// From `http_proxy`, `https_proxy`, `no_proxy` and `all_proxy`, the last three in capitals too. `HTTP_PROXY` is not
/// read: under CGI it is a request header that anybody can send.
proxy_options proxies_from(const environment& variables);

struct client_tls_options {
    /// Certificates to trust, in PEM, instead of the system's. At most one of the two.
    std::string ca_file{};
    std::string ca_directory{}; ///< hashed as by `openssl rehash`

    /// Talk to anybody who claims to be the host. Passwords, keys and bodies are then open to whoever stands between.
    bool insecure_accept_any_certificate = false;
};

/// Certificates to trust from `SSL_CERT_FILE`, or else `SSL_CERT_DIR`, where OpenSSL's programs look; the system's where neither is set.
client_tls_options tls_from(const environment& variables);

struct client_options {
    // --- Behaviour ---

    /// For a request that names none. Greater than zero.
    std::chrono::milliseconds default_deadline = std::chrono::seconds(30);

    /// For name, TCP, proxy and TLS together. Greater than zero.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);

    /// In bytes after decoding, so that it stops a compressed bomb too. A longer body fails with client_errc::too_large
    /// as soon as the limit is passed.
    std::size_t max_response_body = 16 * 1024 * 1024;

    /// How many redirects to follow, 0 to 20. At 0 a 3xx is an answer like any other. The first to another origin
    /// (scheme, host, port) drops Authorization, Proxy-Authorization, Cookie and Host for good; none leads from https
    /// to http. 301, 302 and 303 make a GET of a POST, as browsers do.
    int max_redirects = 0;

    /// Must not be empty: some hosts refuse clients without.
    std::string user_agent = "infra";

    /// Ask for gzip and deflate, and decode.
    bool decompress = true;

    /// Send the active span in `traceparent`, with what came along in `tracestate` and `baggage` (W3C Trace Context and
    /// Baggage), unless the request has the first. Baggage is meant for everybody down the line: none of it is secret.
    bool propagate_trace = true;

    /// Offer HTTP/2 over TLS. Off, since one HTTP/1.1 connection a request isolates requests from each other.
    bool http2 = false;

    proxy_options proxy{};    ///< which proxies stand in between
    client_tls_options tls{}; ///< whose certificates are trusted

    // --- Tuning ---

    /// Connections to one host, 1 to 10 000. Fewer make requests wait; more may annoy the host.
    std::size_t max_connections_per_host = 8;

    /// Connections in all, those kept for reuse included; 1 to 10 000. Each is a file descriptor.
    std::size_t max_connections = 64;

    /// Requests in flight or waiting for a connection, at least 1. One more fails with errc::overloaded.
    std::size_t max_requests = 1'000;

    /// Bytes that a streamed body may be ahead of whoever takes them, 64 KiB to 1 GiB, of each request and direction. Less
    /// waits for the other side more often; more is memory. Of a compressed response, some more may be unpacked: what
    /// 16 KiB unpack to.
    std::size_t stream_buffer = 1024 * 1024;

    /// How long an unused connection is kept, 1 s to 1 h. Longer saves handshakes; beyond the server's own limit it
    /// meets closed connections.
    std::chrono::seconds max_idle = std::chrono::seconds(60);
};

/// Throws std::invalid_argument naming the field. The client's constructor does it.
void validate(const client_options& options);

} // namespace infra::http
