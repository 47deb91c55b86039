#include "support.hpp"

#include <infra/testing/background_conformance.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace infra::http {
namespace {

namespace ssl = asio::ssl;

/// A key and a certificate for localhost that signs itself.
class identity {
public:
    identity() {
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
        X509_set_version(certificate.get(), 2);
        X509_set_pubkey(certificate.get(), key.get());
        auto* name = X509_get_subject_name(certificate.get());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1,
                                   -1, 0);
        X509_set_issuer_name(certificate.get(), name);
        auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
        X509_add_ext(certificate.get(), names, -1);
        X509_EXTENSION_free(names);
        X509_sign(certificate.get(), key.get(), EVP_sha256());
        write(certificate_file(), [&](BIO* to) { return PEM_write_bio_X509(to, certificate.get()); });
        write(key_file(),
              [&](BIO* to) { return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    }

    std::string certificate_file() const { return folder_.path() / "cert.pem"; }
    std::string key_file() const { return folder_.path() / "key.pem"; }
    tls_options options() const { return {.certificate_file = certificate_file(), .private_key_file = key_file()}; }

private:
    template <class F>
    static void write(const std::string& file, F f) {
        BIO* to = BIO_new_file(file.c_str(), "w");
        EXPECT_EQ(f(to), 1);
        BIO_free(to);
    }
    temporary_folder folder_;
};

router routes() {
    router r;
    r.get("/who", [](const request& q) { return response::text(std::string(q.scheme())); });
    r.get("/big", [] { return response::text(std::string(1'000'000, 'b')); });
    r.post("/echo", [](request& q) { return response::text(q.take_body()); });
    r.put("/count", [](const request&, body_reader body) -> awaitable<response> {
        std::size_t sum = 0;
        for (auto piece = co_await body.read(); !piece.empty(); piece = co_await body.read())
            sum += piece.size();
        co_return response::text(std::to_string(sum));
    });
    r.on_upgrade("/shout", [](upgrade up) -> awaitable<void> {
        const std::string_view accepted = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
        co_await asio::async_write(up.socket, asio::buffer(accepted), asio::use_awaitable);
        std::string heard(5, '\0');
        co_await asio::async_read(up.socket, asio::buffer(heard), asio::use_awaitable);
        co_await asio::async_write(up.socket, asio::buffer(heard + "!"), asio::use_awaitable);
    });
    return r;
}

class Tls : public ::testing::Test {
protected:
    using stream = ssl::stream<asio::ip::tcp::socket>;

    Tls() {
        trust.load_verify_file(who.certificate_file());
        trust.set_verify_mode(ssl::verify_peer);
        trust.set_verify_callback(ssl::host_name_verification("localhost"));
    }

    awaitable<std::unique_ptr<stream>> connect() {
        auto to = std::make_unique<stream>(s.loop.get_executor(), trust);
        co_await to->next_layer().async_connect({asio::ip::address_v4::loopback(), s.server->port()},
                                                asio::use_awaitable);
        co_await to->async_handshake(stream::client, asio::use_awaitable);
        co_return to;
    }

    /// Sends and reads until the server closes; says how it ended.
    awaitable<std::string> exchange(std::string bytes) {
        const auto to = co_await connect();
        co_await asio::async_write(*to, asio::buffer(bytes), asio::use_awaitable);
        std::string answer;
        boost::system::error_code ec;
        co_await asio::async_read(*to, asio::dynamic_buffer(answer), asio::redirect_error(asio::use_awaitable, ec));
        end = ec;
        co_return answer;
    }

    identity who;
    served s{routes(), {.tls = who.options()}};
    ssl::context trust{ssl::context::tls_client};
    boost::system::error_code end;
};

TEST_F(Tls, AnswersAClientThatVerifies) {
    const auto answer = s.loop.get(exchange("GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    EXPECT_EQ(body_of(answer), "https");
    EXPECT_EQ(end, asio::error::eof) << "ended by close_notify, not cut";
    EXPECT_EQ(s.server->url().substr(0, 8), "https://");
}

TEST_F(Tls, CarriesBodiesOfManyRecords) {
    const std::string body(500'000, 'x');
    const auto answer = s.loop.get(exchange("GET /big HTTP/1.1\r\nHost: h\r\n\r\nPOST /echo HTTP/1.1\r\nHost: h\r\n"
                                            "Connection: close\r\nContent-Length: 500000\r\n\r\n" +
                                            body));
    EXPECT_TRUE(answer.ends_with(body));
    EXPECT_GT(answer.size(), 1'500'000u);
}

TEST_F(Tls, CarriesABodyThatIsTakenWhileItComes) {
    const std::string body(500'000, 'x');
    const auto answer = s.loop.get(
        exchange("PUT /count HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 500000\r\n\r\n" + body));
    EXPECT_EQ(body_of(answer), "500000");
}

TEST_F(Tls, RefusesPlainHttpAndGoesOn) {
    auto plain = s.connect();
    plain.send("GET /who HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(plain.read_all().find("HTTP/1.1"), std::string::npos);
    EXPECT_EQ(status_of(s.loop.get(exchange("GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))), "200");
}

TEST_F(Tls, RefusesMalformedRequestsAndLingers) {
    const auto answer = s.loop.get(exchange("nonsense\r\n\r\n"));
    EXPECT_EQ(status_of(answer), "400");
}

TEST_F(Tls, DoesNotWaitForHandshakesForEver) {
    auto silent = s.connect();
    s.pass(11'000ms);
    EXPECT_TRUE(silent.closed());
}

TEST_F(Tls, RelaysUpgradedConnections) {
    auto talk = [this]() -> awaitable<std::string> {
        const auto to = co_await connect();
        const std::string ask = "GET /shout HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n";
        co_await asio::async_write(*to, asio::buffer(ask), asio::use_awaitable);
        std::string head(36, '\0');
        co_await asio::async_read(*to, asio::buffer(head), asio::use_awaitable);
        co_await asio::async_write(*to, asio::buffer(std::string_view("hello")), asio::use_awaitable);
        std::string rest;
        boost::system::error_code ec;
        co_await asio::async_read(*to, asio::dynamic_buffer(rest), asio::redirect_error(asio::use_awaitable, ec));
        co_return head + rest;
    };
    EXPECT_EQ(s.loop.get(talk()), "HTTP/1.1 101 Switching Protocols\r\n\r\nhello!");
    EXPECT_TRUE(s.loop.until([&] { return s.server->connections() == 0; }));
}

TEST(TlsOptions, NameTheFileThatCannotBeUsed) {
    const identity who;
    test_loop loop;
    const std::pair<tls_options, const char*> cases[] = {
        {{.certificate_file = "/nonexistent", .private_key_file = who.key_file()},
         "certificate_file: cannot use '/nonexistent'"},
        {{.certificate_file = who.certificate_file(), .private_key_file = "/nonexistent"},
         "private_key_file: cannot use '/nonexistent'"},
        {{.certificate_file = who.key_file(), .private_key_file = who.key_file()}, "certificate_file: cannot use"},
    };
    for (const auto& [options, sentence] : cases) {
        server s({loop.get_executor()}, router(), {.port = 0, .tls = options});
        try {
            s.listen();
            ADD_FAILURE() << sentence;
        } catch (const infra::error& e) {
            EXPECT_EQ(e.code(), errc::misconfigured);
            EXPECT_NE(std::string(e.what()).find(sentence), std::string::npos) << e.what();
        }
    }
}

} // namespace
} // namespace infra::http

namespace infra::testing {
namespace {

using asio::ip::tcp;
namespace ssl = asio::ssl;

awaitable<void> for_ever() {
    asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
    co_await timer.async_wait(asio::use_awaitable);
}

// The suite bounds the time.
awaitable<void> until(std::function<bool()> condition) {
    asio::steady_timer turn(co_await asio::this_coro::executor);
    while (!condition()) {
        turn.expires_after(std::chrono::milliseconds(1));
        co_await turn.async_wait(asio::use_awaitable);
    }
}

struct tls_surroundings {
    http::identity who;
    ssl::context any{ssl::context::tls_client};
    std::optional<ssl::stream<tcp::socket>> client;
    bool handler_entered = false;

    http::router routes() {
        http::router r;
        r.get("/for-ever", [this]() -> awaitable<http::response> {
            handler_entered = true;
            co_await for_ever();
            co_return http::response();
        });
        return r;
    }
};

awaitable<void> connect(http::server* server, std::shared_ptr<tls_surroundings> with) {
    server->listen();
    with->client.emplace(co_await asio::this_coro::executor, with->any);
    co_await with->client->next_layer().async_connect({asio::ip::address_v4::loopback(), server->port()},
                                                      asio::use_awaitable);
}

awaitable<void> begin_a_handshake(http::server* server, std::shared_ptr<tls_surroundings> with) {
    co_await connect(server, with);
    co_await until([server] { return server->connections() == 1; });
}

awaitable<void> hold_a_request(http::server* server, std::shared_ptr<tls_surroundings> with) {
    co_await connect(server, with);
    co_await with->client->async_handshake(ssl::stream_base::client, asio::use_awaitable);
    const std::string request = "GET /for-ever HTTP/1.1\r\nHost: localhost\r\n\r\n";
    co_await asio::async_write(*with->client, asio::buffer(request), asio::use_awaitable);
    co_await until([with] { return with->handler_entered; });
}

using occupation = awaitable<void> (*)(http::server*, std::shared_ptr<tls_surroundings>);

background_subject make_server(executor ex, occupation busy) {
    const auto with = std::make_shared<tls_surroundings>();
    const auto server = std::make_shared<http::server>(std::vector{ex}, with->routes(),
                                                       http::server_options{.port = 0, .tls = with->who.options()});
    auto* const s = server.get();
    return {.object = server,
            .run = [s] { return s->run(); },
            .stop = [s](deadline limit) { return s->stop(limit); },
            .make_busy = [s, with, busy] { return busy(s, with); },
            .surroundings = with};
}

background_subject make_shaking_hands(executor ex) { return make_server(ex, begin_a_handshake); }
background_subject make_answering(executor ex) { return make_server(ex, hold_a_request); }

INSTANTIATE_TEST_SUITE_P(TlsServer, BackgroundConformance,
                         ::testing::Values(background_case{.name = "ShakingHands", .make = make_shaking_hands},
                                           background_case{.name = "Answering", .make = make_answering}),
                         background_name);

} // namespace
} // namespace infra::testing
