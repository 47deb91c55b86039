#pragma once

/// HTTP/1.1 of one connection, as far as the stub needs it and in pieces as large as they come.

#include "message.hpp"

#include <infra/base/awaitable.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::stub {

struct body_plan {
    bool keep = true;
    bool sum = false; ///< CRC-32C of one that is not kept
    std::uint64_t stop_at = std::numeric_limits<std::uint64_t>::max();
};

struct write_plan {
    std::uint64_t cut_at = std::numeric_limits<std::uint64_t>::max(); ///< of the body
    std::optional<std::uint64_t> flip{};                              ///< this byte of the body
    std::optional<std::chrono::milliseconds> trickle{};               ///< between two KiB
};

/// Threads: one coroutine at a time; reset() on its loop. What the network throws is boost::system::system_error.
class wire {
public:
    explicit wire(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

    /// Method, target and headers; empty when the client has closed.
    awaitable<std::optional<message>> read_head();

    /// True if all of it came, false if it was stopped at `stop_at`.
    awaitable<bool> read_body(message& into, body_plan plan);

    awaitable<void> proceed(); ///< 100 Continue
    awaitable<void> write(answer a, bool with_body, write_plan plan);

    awaitable<void> until_closed();
    void close();
    void reset(); ///< RST

private:
    awaitable<bool> fill(std::size_t at_least);
    awaitable<bool> read_sized(std::uint64_t size, message& into, body_plan plan);
    awaitable<std::string> read_chunked();
    awaitable<std::string> take_line();
    awaitable<std::string> take(std::size_t size);
    awaitable<void> write_all(std::string_view first, std::string_view then);
    awaitable<void> trickle(std::string_view bytes, std::chrono::milliseconds wait);

    asio::ip::tcp::socket socket_;
    std::string buffer_;
    std::string block_; // for what is not kept
};

/// The inside of a body in `aws-chunked`, and the fields behind it. Throws refusal.
std::string decode_aws_chunked(std::string_view raw, fields& trailers);

} // namespace infra::storage::stub
