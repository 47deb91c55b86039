// TLS in this process. OpenSSL is included here and nowhere else, so that infra::http_server does not need it.

#include "../../../base/src/keep_openssl.hpp"
#include "../transport.hpp"

#include <infra/base/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <netinet/tcp.h>

#include <array>

namespace infra::http::detail {
namespace {

namespace ssl = asio::ssl;
using tls_stream = ssl::stream<tcp_socket>;
using local_socket = asio::local::stream_protocol::socket;

// How long the kernel keeps trying to deliver what a client does not acknowledge once HTTP's own deadlines are gone.
constexpr unsigned undelivered_ms = 30'000;

// Sends close_notify: the record leaves within the call, unless a write is under way, and nobody waits for the reply.
void say_goodbye(const std::shared_ptr<tls_stream>& stream) {
    stream->async_shutdown([stream](boost::system::error_code) {});
}

void close_socket(tls_stream& stream) noexcept {
    boost::system::error_code ignored;
    stream.lowest_layer().close(ignored);
}

awaitable<void> relay_in(std::shared_ptr<tls_stream> tls, std::shared_ptr<local_socket> local) {
    std::array<char, 16 * 1024> buffer;
    boost::system::error_code ec;
    while (true) {
        const auto size =
            co_await tls->async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
        if (!ec)
            co_await asio::async_write(*local, asio::buffer(buffer, size),
                                       asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            break;
    }
    boost::system::error_code ignored;
    local->shutdown(local_socket::shutdown_send, ignored);
}

// Its end, which is the handler's closing of its socket, is the end of both.
awaitable<void> relay_out(std::shared_ptr<tls_stream> tls, std::shared_ptr<local_socket> local) {
    std::array<char, 16 * 1024> buffer;
    boost::system::error_code ec;
    while (true) {
        const auto size =
            co_await local->async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
        if (!ec)
            co_await asio::async_write(*tls, asio::buffer(buffer, size), asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            break;
    }
    say_goodbye(tls);
    close_socket(*tls);
    local->close(ec);
}

class tls_transport final : public transport {
public:
    tls_transport(tcp_socket socket, std::shared_ptr<ssl::context> context)
        : context_(std::move(context)), stream_(std::make_shared<tls_stream>(std::move(socket), *context_)) {}

    bool start(events_ptr events) override {
        stream_->async_handshake(tls_stream::server, [this, events](boost::system::error_code ec) {
            ready_ = !ec;
            events->on_ready(ec);
        });
        return false;
    }

    // Once we have said goodbye, what still comes is only thrown away, and needs no decrypting.
    void read_some(asio::mutable_buffer into, events_ptr events) override {
        auto done = [events = std::move(events)](boost::system::error_code ec, std::size_t size) {
            events->on_read(ec, size);
        };
        if (ready_)
            stream_->async_read_some(into, std::move(done));
        else
            stream_->next_layer().async_read_some(into, std::move(done));
    }

    std::size_t write_some(std::string_view bytes, events_ptr events) override {
        stream_->async_write_some(asio::buffer(bytes.data(), bytes.size()),
                                  [events = std::move(events)](boost::system::error_code ec, std::size_t size) {
                                      events->on_written(ec, size);
                                  });
        return 0;
    }

    void shutdown_send() noexcept override {
        if (std::exchange(ready_, false))
            say_goodbye(stream_);
        boost::system::error_code ignored;
        stream_->lowest_layer().shutdown(tcp_socket::shutdown_send, ignored);
    }

    void close() noexcept override {
        if (std::exchange(ready_, false))
            say_goodbye(stream_);
        close_socket(*stream_);
    }

    upgrade_socket release(const executor& ex) override {
        local_socket handlers(ex);
        const auto ours = std::make_shared<local_socket>(ex);
        asio::local::connect_pair(handlers, *ours);
        stream_->lowest_layer().set_option(
            asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>(undelivered_ms));
        asio::co_spawn(ex, relay_in(stream_, ours), [keep = context_](std::exception_ptr) {});
        asio::co_spawn(ex, relay_out(stream_, ours), [keep = context_](std::exception_ptr) {});
        return upgrade_socket(std::move(handlers));
    }

private:
    std::shared_ptr<ssl::context> context_; // OpenSSL counts it too, but Asio's callbacks live in it
    std::shared_ptr<tls_stream> stream_;    // shared with the goodbye, and with the relay
    bool ready_ = false;
};

[[noreturn]] void refuse(const char* option, const std::string& file, const boost::system::error_code& ec) {
    throw error(errc::misconfigured,
                std::string("http::tls_options::") + option + ": cannot use '" + file + "': " + ec.message());
}

class openssl_acceptor final : public tls_acceptor {
public:
    explicit openssl_acceptor(const tls_options& options)
        : context_(std::make_shared<ssl::context>(ssl::context::tls_server)) {
        context_->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                              ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION);
        boost::system::error_code ec;
        context_->use_certificate_chain_file(options.certificate_file, ec);
        if (ec)
            refuse("certificate_file", options.certificate_file, ec);
        context_->use_private_key_file(options.private_key_file, ssl::context::pem, ec);
        if (ec)
            refuse("private_key_file", options.private_key_file, ec);
    }

    std::unique_ptr<transport> wrap(tcp_socket socket) override {
        return std::make_unique<tls_transport>(std::move(socket), context_);
    }

private:
    std::shared_ptr<ssl::context> context_;
};

std::shared_ptr<tls_acceptor> make_openssl_acceptor(const tls_options& options) {
    infra::detail::keep_openssl();
    return std::make_shared<openssl_acceptor>(options);
}

[[maybe_unused]] const bool registered = (register_tls(&make_openssl_acceptor), true);

} // namespace
} // namespace infra::http::detail

extern "C" void infra_http_server_tls() {}
