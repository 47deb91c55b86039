#include "tests/tls_server.hpp"

#include <infra/base/id.hpp>

#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>

namespace infra::http {
namespace {

void require(bool holds) {
    if (!holds)
        throw std::runtime_error("OpenSSL refused to make a certificate");
}

struct key_free {
    void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};
struct certificate_free {
    void operator()(X509* c) const { X509_free(c); }
};
struct file_close {
    void operator()(std::FILE* f) const { std::fclose(f); }
};

void add_extension(X509* certificate, int nid, const std::string& value) {
    auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    require(extension && X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

std::unique_ptr<X509, certificate_free> make_certificate(EVP_PKEY* key, const std::string& alternative_name) {
    std::unique_ptr<X509, certificate_free> made(X509_new());
    require(made && X509_set_version(made.get(), 2));
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    auto* const name = X509_get_subject_name(made.get());
    const auto* text = reinterpret_cast<const unsigned char*>("infra test");
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0));
    require(X509_set_issuer_name(made.get(), name) && X509_set_pubkey(made.get(), key));
    add_extension(made.get(), NID_subject_alt_name, alternative_name);
    add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(made.get(), key, EVP_sha256()) > 0);
    return made;
}

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

test_certificate::test_certificate(const std::string& subject_alternative_name)
    : file_(std::filesystem::temp_directory_path() / ("infra-http-client-" + random_hex(8) + ".pem")) {
    const std::unique_ptr<EVP_PKEY, key_free> key(EVP_EC_gen("P-256"));
    require(key != nullptr);
    const auto certificate = make_certificate(key.get(), subject_alternative_name);
    const std::unique_ptr<std::FILE, file_close> file(std::fopen(file_.c_str(), "wxe"));
    require(file && PEM_write_X509(file.get(), certificate.get()) &&
            PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr));
}

test_certificate::~test_certificate() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
}

test_server::wrapper test_certificate::wrapper() const { return wrap_with(context_with(file_)); }

test_server::wrapper test_certificate::wrapper_with_http2() const {
    const auto context = context_with(file_);
    SSL_CTX_set_alpn_select_cb(context->native_handle(), &choose_http2, nullptr);
    return wrap_with(context);
}

} // namespace infra::http
