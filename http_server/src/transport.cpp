#include "transport.hpp"

#include <infra/base/error.hpp>

#include <boost/asio/post.hpp>

#include <atomic>
#include <utility>

namespace infra::http::detail {
namespace {

struct read_done {
    events_ptr events;
    void operator()(boost::system::error_code ec, std::size_t size) const { events->on_read(ec, size); }
};

struct write_done {
    events_ptr events;
    void operator()(boost::system::error_code ec, std::size_t size) const { events->on_written(ec, size); }
};

class plain_transport final : public transport {
public:
    explicit plain_transport(tcp_socket socket) : socket_(std::move(socket)) {
        boost::system::error_code ignored;
        socket_.non_blocking(true, ignored);
    }

    bool start(events_ptr) override { return true; }

    // Right after an answer the client's next request is not there yet. One turn of the loop later, which is free while
    // others are served, it often is; to ask at once would nearly always be a system call in vain.
    void read_some(asio::mutable_buffer into, events_ptr events) override {
        if (!std::exchange(answered_, false))
            return socket_.async_read_some(into, read_done{std::move(events)});
        asio::post(socket_.get_executor(), [this, into, events = std::move(events)]() mutable {
            socket_.async_read_some(into, read_done{std::move(events)});
        });
    }

    // Nearly always the kernel takes it all at once, and a turn of the loop is saved.
    std::size_t write_some(std::string_view bytes, events_ptr events) override {
        boost::system::error_code ec;
        const auto taken = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ec);
        answered_ = taken > 0;
        if (answered_)
            return taken;
        socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), write_done{std::move(events)});
        return 0;
    }

    void shutdown_send() noexcept override {
        boost::system::error_code ignored;
        socket_.shutdown(tcp_socket::shutdown_send, ignored);
    }

    void close() noexcept override {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

    upgrade_socket release(const executor& ex) override {
        const auto protocol = socket_.local_endpoint().protocol();
        return upgrade_socket(ex, protocol, socket_.release());
    }

private:
    tcp_socket socket_;
    bool answered_ = false; // since the last read
};

std::atomic<tls_factory> registered{nullptr};

} // namespace

std::unique_ptr<transport> make_plain_transport(tcp_socket socket) {
    return std::make_unique<plain_transport>(std::move(socket));
}

void register_tls(tls_factory factory) noexcept { registered = factory; }

std::shared_ptr<tls_acceptor> make_tls_acceptor(const tls_options& options) {
    const auto factory = registered.load();
    if (!factory)
        throw error(errc::misconfigured, "http::server_options::tls is set, but TLS is not linked in; link "
                                         "infra::http_server_tls, or leave TLS to the proxy in front");
    return factory(options);
}

} // namespace infra::http::detail
