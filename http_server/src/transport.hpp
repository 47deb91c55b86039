#pragma once

// What a connection speaks through: a socket, or TLS over one.

#include <infra/base/awaitable.hpp>
#include <infra/http_server/options.hpp>
#include <infra/http_server/upgrade.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace infra::http::detail {

/// Who is told how an operation ended. Counted without atomics: all of a connection happens on its loop.
class transport_events : public boost::intrusive_ref_counter<transport_events, boost::thread_unsafe_counter> {
public:
    virtual ~transport_events() = default;
    virtual void on_ready(boost::system::error_code ec) = 0;
    virtual void on_read(boost::system::error_code ec, std::size_t size) = 0;
    virtual void on_written(boost::system::error_code ec, std::size_t size) = 0;
};
using events_ptr = boost::intrusive_ptr<transport_events>;

/// One read and one write at a time. After close() operations end with an error.
class transport {
public:
    virtual ~transport() = default;

    /// Makes ready to read and write. True if it is at once; else on_ready() follows.
    virtual bool start(events_ptr events) = 0;

    /// on_read() follows; 0 bytes without an error never.
    virtual void read_some(asio::mutable_buffer into, events_ptr events) = 0;

    /// How many bytes were taken at once; 0 means that on_written() follows.
    virtual std::size_t write_some(std::string_view bytes, events_ptr events) = 0;

    /// Tells the other side that nothing follows.
    virtual void shutdown_send() noexcept = 0;
    virtual void close() noexcept = 0;

    /// The way out of HTTP; the transport is closed for us from here on. `ex` is the executor of the new socket.
    virtual upgrade_socket release(const executor& ex) = 0;
};

using tcp_socket = asio::ip::tcp::socket;

std::unique_ptr<transport> make_plain_transport(tcp_socket socket);

/// What the component http_server_tls registers. One for a server: certificate and key are read once.
class tls_acceptor {
public:
    virtual ~tls_acceptor() = default;
    virtual std::unique_ptr<transport> wrap(tcp_socket socket) = 0;
};
using tls_factory = std::shared_ptr<tls_acceptor> (*)(const tls_options&);

void register_tls(tls_factory factory) noexcept;

/// Throws infra::error (errc::misconfigured) when the component is not linked or the files cannot be used.
std::shared_ptr<tls_acceptor> make_tls_acceptor(const tls_options& options);

} // namespace infra::http::detail
