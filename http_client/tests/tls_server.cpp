#include "tests/tls_server.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>

namespace infra::http {
namespace {

class tls_connection final : public connection {
public:
    tls_connection(asio::ip::tcp::socket s, std::shared_ptr<asio::ssl::context> c)
        : context_(std::move(c)), stream_(std::move(s), *context_) {}

    awaitable<void> start() override {
        co_await stream_.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    }
    awaitable<std::string> read_some() override {
        std::string chunk(65536, '\0');
        boost::system::error_code ec;
        chunk.resize(
            co_await stream_.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, ec)));
        co_return chunk;
    }
    awaitable<void> write(std::string bytes) override {
        co_await asio::async_write(stream_, asio::buffer(bytes), asio::use_awaitable);
    }

private:
    std::shared_ptr<asio::ssl::context> context_;
    asio::ssl::stream<asio::ip::tcp::socket> stream_;
};

std::shared_ptr<asio::ssl::context> context_with(const std::string& file) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    context->use_certificate_chain_file(file);
    context->use_private_key_file(file, asio::ssl::context::pem);
    return context;
}

test_server::wrapper wrap_with(std::shared_ptr<asio::ssl::context> context) {
    return [context](asio::ip::tcp::socket s) { return std::make_unique<tls_connection>(std::move(s), context); };
}

// ALPN (RFC 7301).
int choose_http2(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned length,
                 void*) {
    static constexpr unsigned char http2[] = {2, 'h', '2'};
    const int outcome =
        SSL_select_next_proto(const_cast<unsigned char**>(chosen), size, http2, sizeof http2, offered, length);
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

} // namespace

test_server::wrapper over_tls(const std::string& certificate) { return wrap_with(context_with(certificate)); }

test_server::wrapper over_http2(const std::string& certificate) {
    const auto context = context_with(certificate);
    SSL_CTX_set_alpn_select_cb(context->native_handle(), &choose_http2, nullptr);
    return wrap_with(context);
}

} // namespace infra::http
