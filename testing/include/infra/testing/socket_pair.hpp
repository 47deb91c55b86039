#pragma once

/// Two ends of a connection without a kernel.
///
///     auto [client, server] = infra::testing::make_socket_pair(loop.get_executor(), {.max_transfer = 1});
///     co_spawn(loop, serve(std::move(server)), detached);
///     co_await async_write(client, buffer("HELLO\r\n"), use_awaitable);
///     client.shutdown_send();
///
/// What is written as a template over Asio's AsyncReadStream and AsyncWriteStream is tested with these: nothing depends on
/// a port, a kernel's buffers or its timing, and `max_transfer = 1` shows who forgets to read on.

#include <infra/base/awaitable.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace infra::testing {

struct socket_pair_options {
    /// Bytes that may be on their way in each direction; writing waits beyond it. At least 1.
    std::size_t capacity = 64 * 1024;

    /// Of one operation. At least 1, which cuts everything into single bytes.
    std::size_t max_transfer = std::numeric_limits<std::size_t>::max();
};

namespace detail {

/// How one read or write ended.
struct transferred {
    boost::system::error_code ec{};
    std::size_t bytes = 0;
};

/// One direction: what was written and not yet read, and how both sides feel about it.
class pipe {
public:
    pipe(const executor& ex, const socket_pair_options& options);

    /// Empty: nothing is possible now, wait for changed.
    std::optional<transferred> try_read(std::span<char> into);
    std::optional<transferred> try_write(std::span<const char> from);

    void end_writing() noexcept; ///< what is on its way arrives, then end of file
    void end_reading() noexcept; ///< writing fails with broken_pipe
    void reset() noexcept;       ///< both fail with connection_reset, and what is on its way is lost

    /// Operations that wait try again.
    void wake() noexcept { changed.cancel(); }

    asio::steady_timer changed;

private:
    const socket_pair_options options_;
    std::string on_its_way_;
    bool no_more_ = false;
    bool unread_ = false;
    bool reset_ = false;
};

/// What ends the operations of one socket from its own side: counts calls of cancel() and close().
struct socket_end {
    std::size_t cancellations = 0;
    bool open = true;
};

/// A read or a write as Asio composes it: never at once, then as soon as `Try` gives something.
template <class Try>
class transfer {
public:
    transfer(std::shared_ptr<pipe> through, std::shared_ptr<const socket_end> of, Try attempt)
        : through_(std::move(through)),
          of_(std::move(of)),
          attempt_(std::move(attempt)),
          cancellations_(of_->cancellations) {}

    template <class Self>
    void operator()(Self& self, boost::system::error_code = {}) {
        if (!std::exchange(begun_, true)) {
            self.reset_cancellation_state(asio::enable_total_cancellation());
            return asio::post(std::move(self));
        }
        if (self.cancelled() != asio::cancellation_type::none || cancellations_ != of_->cancellations)
            return self.complete(asio::error::operation_aborted, 0);
        if (!of_->open)
            return self.complete(asio::error::bad_descriptor, 0);
        if (const auto end = attempt_(*through_))
            return self.complete(end->ec, end->bytes);
        auto& changed = through_->changed; // named before `self`, which holds this object, moves
        changed.async_wait(std::move(self));
    }

private:
    std::shared_ptr<pipe> through_;
    std::shared_ptr<const socket_end> of_;
    Try attempt_;
    std::size_t cancellations_; // when it began
    bool begun_ = false;
};

} // namespace detail

/// One end. Models Asio's AsyncReadStream and AsyncWriteStream.
///
/// Threads:  both ends belong to one executor whose handlers do not run at the same time, and to nobody else. Not with
///           asio::use_future alone, whose steps run on threads of Asio's own: bind_executor(ex, use_future).
/// Errors:   as of a socket: eof after the other's last byte, broken_pipe when nobody will read it, connection_reset,
///           bad_descriptor once closed.
/// Cancel:   all types; nothing was transferred. One read and one write at a time.
/// Lifetime: destruction closes. Buffers must last until their operation ends.
class memory_socket {
public:
    using executor_type = executor;

    memory_socket(memory_socket&&) noexcept = default;
    memory_socket& operator=(memory_socket&& other) noexcept;
    ~memory_socket() { close(); }

    executor_type get_executor() const noexcept { return ex_; }
    bool is_open() const noexcept { return end_ && end_->open; }

    /// Waits for at least one byte; takes what fits, up to max_transfer.
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& into, Token&& token) {
        const auto room = first_of<asio::mutable_buffer>(into);
        return start(in_, std::forward<Token>(token),
                     [room](detail::pipe& p) { return p.try_read({static_cast<char*>(room.data()), room.size()}); });
    }

    /// Waits until at least one byte has room; gives what fits, up to max_transfer.
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& from, Token&& token) {
        const auto bytes = first_of<asio::const_buffer>(from);
        return start(out_, std::forward<Token>(token), [bytes](detail::pipe& p) {
            return p.try_write({static_cast<const char*>(bytes.data()), bytes.size()});
        });
    }

    /// The other side reads what is on its way and then the end; it may go on writing.
    void shutdown_send() noexcept;

    /// What this end waits for ends with operation_aborted.
    void cancel() noexcept;

    /// The same, for good. The other side sees an end of file, or cannot write any more.
    void close() noexcept;

    /// Closes as a machine that goes down: the other side gets connection_reset at once.
    void reset() noexcept;

private:
    friend std::pair<memory_socket, memory_socket> make_socket_pair(executor ex, socket_pair_options options);
    memory_socket(executor ex, std::shared_ptr<detail::pipe> in, std::shared_ptr<detail::pipe> out)
        : ex_(std::move(ex)), in_(std::move(in)), out_(std::move(out)) {}

    // "Some" may be one buffer's worth: the first that is not empty.
    template <class Buffer, class Buffers>
    static Buffer first_of(const Buffers& all) {
        for (auto it = asio::buffer_sequence_begin(all); it != asio::buffer_sequence_end(all); ++it)
            if (const Buffer each(*it); each.size() > 0)
                return each;
        return {};
    }

    template <class Token, class Try>
    auto start(const std::shared_ptr<detail::pipe>& through, Token&& token, Try attempt) {
        return asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
            detail::transfer<Try>(through, end_, std::move(attempt)), token, ex_);
    }

    executor ex_;
    std::shared_ptr<detail::socket_end> end_ = std::make_shared<detail::socket_end>();
    std::shared_ptr<detail::pipe> in_;
    std::shared_ptr<detail::pipe> out_;
};

/// Two connected ends. std::invalid_argument names a bad option.
std::pair<memory_socket, memory_socket> make_socket_pair(executor ex, socket_pair_options options = {});

} // namespace infra::testing
