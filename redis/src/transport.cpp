#include "transport.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <unistd.h>

#include <utility>

namespace infra::redis::detail {
namespace {

struct read_done {
    events_ptr events;
    void operator()(boost::system::error_code ec, std::size_t size) const { events->on_read(ec, size); }
};

struct writable {
    events_ptr events;
    void operator()(boost::system::error_code ec) const { events->on_written(ec, 0); }
};

template <class Socket>
class plain_transport final : public transport {
public:
    explicit plain_transport(Socket socket) : socket_(std::move(socket)) {
        boost::system::error_code ignored;
        socket_.non_blocking(true, ignored);
    }

    awaitable<std::size_t> read_some(asio::mutable_buffer into) override {
        return socket_.async_read_some(asio::mutable_buffer(into), asio::use_awaitable);
    }

    awaitable<void> write(std::string_view bytes) override {
        co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), asio::use_awaitable);
    }

    void read_some(asio::mutable_buffer into, events_ptr events) override {
        socket_.async_read_some(into, read_done{std::move(events)});
    }

    // Nearly always the kernel takes it all at once, and a turn of the loop is saved. When it does not, it is asked when
    // it will: a write left to it might be done by another thread of a pool while this one takes it for undone.
    std::size_t write_some(std::string_view bytes, events_ptr events) override {
        boost::system::error_code ec;
        const auto taken = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ec);
        if (taken > 0)
            return taken;
        if (ec == asio::error::would_block)
            socket_.async_wait(Socket::wait_write, writable{std::move(events)});
        else
            asio::post(socket_.get_executor(), [events = std::move(events), ec] { events->on_written(ec, 0); });
        return 0;
    }

    void close() noexcept override {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

    bool knows_what_left() const noexcept override { return true; }

private:
    Socket socket_;
};

using loop_executor = asio::io_context::executor_type;
using loop_socket = asio::basic_stream_socket<asio::generic::stream_protocol, loop_executor>;

// The same connection in other hands.
loop_socket hand_over(stream_socket from, const loop_executor& to) {
    const auto protocol = from.local_endpoint().protocol();
    const auto descriptor = from.release();
    loop_socket out(to);
    boost::system::error_code ec;
    out.assign(protocol, descriptor, ec);
    if (!ec)
        return out;
    ::close(descriptor); // which was nobody's
    throw boost::system::system_error(ec);
}

} // namespace

// An executor of any kind is asked what it is with each thing that is read. A loop's own need not be.
std::unique_ptr<transport> make_plain_transport(stream_socket socket) {
    if (const auto* const loop = socket.get_executor().target<loop_executor>()) {
        const auto to = *loop;
        return std::make_unique<plain_transport<loop_socket>>(hand_over(std::move(socket), to));
    }
    return std::make_unique<plain_transport<stream_socket>>(std::move(socket));
}

} // namespace infra::redis::detail
