#pragma once

/// A response whose body is read while it comes.
///
///     auto stream = co_await http.open({.url = "https://example.com/large.iso"});
///     if (stream.head().status == 200)
///         for (auto piece = co_await stream.read(); !piece.empty(); piece = co_await stream.read())
///             file.write(piece);

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace infra::http {

class client;
struct client_response;

/// What a slow reader leaves unread keeps the server back: no more than client_options::stream_buffer comes ahead.
///
/// Threads:  one read() at a time, from any loop.
/// Errors:   client_error as of client::send(), thrown after the bytes that came before; again by each later read. A body
///           that was cut never looks ended.
/// Cancel:   read(), all types, and a deadline that passes: nothing is lost, and read() may be called again.
/// Lifetime: the loop of the client must outlive it. Destruction before the end abandons the response and closes the
///           connection unless it is shared (HTTP/2). Of a client that is destroyed, read() throws errc::closed.
class client_stream {
public:
    client_stream() noexcept; ///< of no response, like one that was moved from; to be assigned to
    client_stream(client_stream&&) noexcept;
    client_stream& operator=(client_stream&&) noexcept;
    ~client_stream();

    /// All but the body; `timings.total` is when the head had come.
    const client_response& head() const noexcept;

    /// What has come since, 1 byte to 256 KiB, decoded; empty at the end. Waits for `limit`, by default
    /// client_options::default_deadline from now.
    awaitable<std::string> read(std::optional<deadline> limit = {});

    /// All that is left, as of an error's text. More than `most` bytes throw client_errc::too_large.
    awaitable<std::string> read_all(std::size_t most, std::optional<deadline> limit = {});

private:
    friend class client;
    struct state;
    explicit client_stream(std::shared_ptr<state> s) noexcept;

    std::shared_ptr<state> state_;
};

} // namespace infra::http
