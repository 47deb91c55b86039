#pragma once

// What a connection speaks through: a socket, or TLS over one.

#include <infra/base/awaitable.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace infra::redis::detail {

using stream_socket = asio::generic::stream_protocol::socket; // TCP and Unix alike

/// Who is told how an operation ended. Counted without atomics: all of a connection happens on its loop.
class transport_events : public boost::intrusive_ref_counter<transport_events, boost::thread_unsafe_counter> {
public:
    virtual ~transport_events() = default;
    virtual void on_read(boost::system::error_code ec, std::size_t size) = 0;
    virtual void on_written(boost::system::error_code ec, std::size_t size) = 0;
};
using events_ptr = boost::intrusive_ptr<transport_events>;

/// One read and one write at a time. After close() operations end with an error.
class transport {
public:
    virtual ~transport() = default;

    // --- While a connection is being made ---
    virtual awaitable<std::size_t> read_some(asio::mutable_buffer into) = 0;
    virtual awaitable<void> write(std::string_view bytes) = 0;

    // --- Afterwards ---
    virtual void read_some(asio::mutable_buffer into, events_ptr events) = 0;

    /// How many bytes were taken at once; 0 means that on_written() follows, perhaps with 0 as well, which asks to try
    /// again. The bytes need not stay.
    virtual std::size_t write_some(std::string_view bytes, events_ptr events) = 0;

    virtual void close() noexcept = 0;

    /// False: of a write that fails, nobody knows how much has left.
    virtual bool knows_what_left() const noexcept = 0;
};

std::unique_ptr<transport> make_plain_transport(stream_socket socket);

} // namespace infra::redis::detail
