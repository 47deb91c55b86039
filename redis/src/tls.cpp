#include "tls.hpp"

#include "../../base/src/keep_openssl.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace infra::redis::detail {
namespace {

namespace ssl = asio::ssl;
using tls_stream = ssl::stream<stream_socket>;

// Counted, since a goodbye may still be on its way when the connection has gone. It keeps the context, in which Asio's
// callbacks live.
struct secured {
    secured(stream_socket socket, std::shared_ptr<ssl::context> c)
        : context(std::move(c)), stream(std::move(socket), *context) {}
    const std::shared_ptr<ssl::context> context;
    tls_stream stream;
    std::string leaving; // what is being written: whoever gave it may be done with the connection before OpenSSL is
};

constexpr std::size_t record = 16 * 1024; // the most that TLS takes at once

class tls_transport final : public transport {
public:
    explicit tls_transport(std::shared_ptr<secured> through) : through_(std::move(through)) {}

    awaitable<std::size_t> read_some(asio::mutable_buffer into) override {
        return through_->stream.async_read_some(asio::mutable_buffer(into), asio::use_awaitable);
    }

    awaitable<void> write(std::string_view bytes) override {
        co_await asio::async_write(through_->stream, asio::buffer(bytes.data(), bytes.size()), asio::use_awaitable);
    }

    void read_some(asio::mutable_buffer into, events_ptr events) override {
        through_->stream.async_read_some(
            into, [keep = through_, events = std::move(events)](boost::system::error_code ec, std::size_t size) {
                events->on_read(ec, size);
            });
    }

    std::size_t write_some(std::string_view bytes, events_ptr events) override {
        through_->leaving.assign(bytes.substr(0, record));
        through_->stream.async_write_some(
            asio::buffer(through_->leaving),
            [keep = through_, events = std::move(events)](boost::system::error_code ec, std::size_t size) {
                events->on_written(ec, size);
            });
        return 0;
    }

    // Without a goodbye: whoever closes has nothing more to hear, and Redis needs none.
    void close() noexcept override {
        boost::system::error_code ignored;
        through_->stream.lowest_layer().close(ignored);
    }

    bool knows_what_left() const noexcept override { return false; }

private:
    std::shared_ptr<secured> through_;
};

[[noreturn]] void refuse_file(const char* option, const std::string& file, const boost::system::error_code& ec) {
    throw error(infra::errc::misconfigured,
                std::string("redis::tls_options::") + option + ": cannot use '" + file + "': " + ec.message());
}

void ask_for(tls_stream& stream, const std::string& name, bool accept_any) {
    boost::system::error_code no_address;
    asio::ip::make_address(name, no_address);
    if (no_address) // RFC 6066: an address is no server name
        SSL_set_tlsext_host_name(stream.native_handle(), name.c_str());
    stream.set_verify_mode(accept_any ? ssl::verify_none : ssl::verify_peer);
    if (!accept_any)
        stream.set_verify_callback(ssl::host_name_verification(name));
}

// Somebody's opinion of the other side. A connection that ends in the middle is none: a restart, or a balancer without
// servers.
bool is_verdict(const boost::system::error_code& ec) { return ec.category() == asio::error::get_ssl_category(); }

// OpenSSL's own words for what is wrong with a certificate say more than the alert.
std::string reason(tls_stream& stream, const boost::system::error_code& ec) {
    const auto verdict = SSL_get_verify_result(stream.native_handle());
    if (verdict != X509_V_OK)
        return std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(verdict);
    return "the TLS handshake failed: " + ec.message();
}

class openssl_context final : public tls_context {
public:
    explicit openssl_context(const tls_options& options)
        : accept_any_(options.insecure_accept_any_certificate),
          context_(std::make_shared<ssl::context>(ssl::context::tls_client)) {
        context_->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                              ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
        trust(options);
    }

    awaitable<std::unique_ptr<transport>> wrap(stream_socket socket, std::string name) override {
        const auto made = std::make_shared<secured>(std::move(socket), context_);
        ask_for(made->stream, name, accept_any_);
        boost::system::error_code ec;
        co_await made->stream.async_handshake(tls_stream::client, asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted)
            throw boost::system::system_error(ec);
        if (ec)
            throw error(is_verdict(ec) ? errc::refused : errc::not_connected, reason(made->stream, ec));
        co_return std::make_unique<tls_transport>(made);
    }

private:
    void trust(const tls_options& options) {
        boost::system::error_code ec;
        if (!options.ca_file.empty())
            context_->load_verify_file(options.ca_file, ec);
        if (ec)
            refuse_file("ca_file", options.ca_file, ec);
        if (!options.ca_directory.empty())
            context_->add_verify_path(options.ca_directory, ec);
        if (ec)
            refuse_file("ca_directory", options.ca_directory, ec);
        if (options.ca_file.empty() && options.ca_directory.empty())
            context_->set_default_verify_paths(ec); // none: nobody is trusted, which the handshake will say
    }

    bool accept_any_;
    std::shared_ptr<ssl::context> context_;
};

} // namespace

std::shared_ptr<tls_context> make_tls_context(const tls_options& options) {
    infra::detail::keep_openssl();
    return std::make_shared<openssl_context>(options);
}

} // namespace infra::redis::detail
