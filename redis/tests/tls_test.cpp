#include <infra/redis.hpp>

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <gtest/gtest.h>

#include <functional>

namespace infra::redis {
namespace {

/// A key and a certificate for redis.test and 127.0.0.1 that signs itself.
class identity {
public:
    identity() {
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
        X509_set_version(made.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
        X509_set_pubkey(made.get(), key.get());
        auto* name = X509_get_subject_name(made.get());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("redis.test"), -1,
                                   -1, 0);
        X509_set_issuer_name(made.get(), name);
        extend(made.get(), NID_subject_alt_name, "DNS:redis.test,IP:127.0.0.1");
        extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
        X509_sign(made.get(), key.get(), EVP_sha256());
        write(certificate(), [&](BIO* to) { return PEM_write_bio_X509(to, made.get()); });
        write(this->key(),
              [&](BIO* to) { return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    }

    std::string certificate() const { return folder_.path() + "/cert.pem"; }
    std::string key() const { return folder_.path() + "/key.pem"; }

private:
    static void extend(X509* certificate, int nid, const char* value) {
        auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
    template <class F>
    static void write(const std::string& file, F f) {
        BIO* to = BIO_new_file(file.c_str(), "w");
        EXPECT_EQ(f(to), 1);
        BIO_free(to);
    }
    temporary_folder folder_;
};

class RedisTls : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace(std::vector<std::string>{"--tls-port", std::to_string(port), "--tls-cert-file", who.certificate(),
                                             "--tls-key-file", who.key(), "--tls-ca-cert-file", who.certificate(),
                                             "--tls-auth-clients", "no"});
    }

    options to(const std::string& more) const {
        return options_from("rediss://127.0.0.1:" + std::to_string(port) + "?" + more);
    }
    options trusting() const { return to("ca_file=" + who.certificate()); }

    std::string failure(const options& o, boost::system::error_code wanted, deadline by = deadline::after(5s)) {
        const client redis({loop.get_executor()}, o);
        const auto failed = loop.run(redis.execute({"PING"}, by));
        EXPECT_EQ(failed->code(), wanted) << failed->what();
        return failed->what();
    }

    identity who;
    std::uint16_t port = free_port();
    std::optional<server> one;
    test_loop loop;
};

TEST_F(RedisTls, SpeaksWithAServerThatProvesWhoItIs) {
    const client redis({loop.get_executor()}, trusting());
    EXPECT_EQ(loop.get(redis.execute<std::string>({"PING"})), "PONG");
    EXPECT_EQ(redis.status().server, "rediss://127.0.0.1:" + std::to_string(port) + "/0");
}

TEST_F(RedisTls, CarriesManyRecordsBothWays) {
    const client redis({loop.get_executor()}, trusting());
    const std::string large(3'000'000, 'x');
    std::vector<std::shared_ptr<outcome<std::string>>> small;
    const auto set = loop.spawn(redis.execute<void>({"SET", "k", large}));
    for (int i = 0; i < 200; ++i)
        small.push_back(loop.spawn(redis.execute<std::string>({"ECHO", i})));
    EXPECT_EQ(loop.get(redis.execute<std::string>({"GET", "k"})), large);
    for (int i = 0; i < 200; ++i)
        EXPECT_EQ(small[static_cast<std::size_t>(i)]->value, std::to_string(i));
}

TEST_F(RedisTls, TrustsNobodyUnasked) {
    const auto what = failure(to(""), errc::refused);
    EXPECT_NE(what.find("its certificate is not trusted: self-signed certificate"), std::string::npos) << what;
}

TEST_F(RedisTls, InsistsOnTheName) {
    const auto right = [&](const char* name) { return to("ca_file=" + who.certificate() + "&server_name=" + name); };
    const client redis({loop.get_executor()}, right("redis.test"));
    EXPECT_EQ(loop.get(redis.execute<std::string>({"PING"})), "PONG");
    const auto what = failure(right("other.test"), errc::refused);
    EXPECT_NE(what.find("its certificate is not trusted"), std::string::npos) << what;
}

TEST_F(RedisTls, TrustsAnybodyWhereToldTo) {
    const client redis({loop.get_executor()}, to("verify=no"));
    EXPECT_EQ(loop.get(redis.execute<std::string>({"PING"})), "PONG");
}

TEST_F(RedisTls, NamesTheFileItCannotUse) {
    const auto what = failure(to("ca_file=/nonexistent"), infra::errc::misconfigured);
    EXPECT_NE(what.find("ca_file: cannot use '/nonexistent'"), std::string::npos) << what;
}

TEST_F(RedisTls, SaysThatTheOtherSideSpeaksNoTls) {
    auto plain = trusting();
    plain.port = one->port();
    plain.connect_timeout = 300ms; // it waits for a line that never ends
    const client redis({loop.get_executor()}, plain);
    const auto asked = loop.spawn(redis.execute({"PING"}));
    loop.until([&] { return !redis.status().last_problem.empty(); });
    EXPECT_EQ(redis.status().last_problem, "it did not answer in time, shaking hands over TLS");
}

TEST_F(RedisTls, FailsWhereTheOtherSideSpeaksOnlyTls) {
    const client redis({loop.get_executor()}, {.port = port});
    const auto failed = loop.run(redis.execute({"PING"}, deadline::after(300ms)));
    EXPECT_TRUE(failed->code() == errc::protocol || failed->code() == errc::not_connected) << failed->what();
}

// A restart looks like that, or a balancer behind which nobody is: it passes.
TEST_F(RedisTls, TakesAHandshakeThatIsCutForAnOutage) {
    asio::ip::tcp::acceptor door(loop.io, {asio::ip::address_v4::loopback(), 0});
    std::function<void()> let_in_and_out = [&] {
        door.async_accept([&](boost::system::error_code ec, asio::ip::tcp::socket) {
            if (!ec)
                let_in_and_out();
        });
    };
    let_in_and_out();
    auto o = trusting();
    o.port = door.local_endpoint().port();
    const auto what = failure(o, errc::not_connected, deadline::after(100ms));
    EXPECT_NE(what.find("no connection by the deadline (the TLS handshake failed"), std::string::npos) << what;
}

// Of what TLS was given nobody knows how much has left.
TEST_F(RedisTls, CountsOnceWhenTheConnectionIsCut) {
    const client redis({loop.get_executor()}, trusting());
    loop.wait(redis.execute<void>({"PING"}));
    const auto counted = loop.spawn(redis.execute<int>({"INCR", "n"}));
    loop.io.poll();
    one->kill();
    loop.until([&] { return counted->done(); });
    EXPECT_TRUE(counted->value || counted->code() == errc::lost) << counted->what();
    one->start();
    const auto n = loop.get(redis.execute<std::optional<int>>({"GET", "n"}, deadline::after(10s)));
    EXPECT_EQ(n, std::nullopt) << "the server kept nothing, and nobody counted again";
}

TEST_F(RedisTls, IsDestroyedInTheMiddleOfAHandshake) {
    for (int steps = 0; steps < 20; ++steps) {
        test_loop doomed;
        const auto redis = std::make_shared<client>(std::vector{doomed.get_executor()}, trusting());
        const auto asks = doomed.spawn(redis->execute({"PING"}));
        for (int i = 0; i < steps; ++i) {
            doomed.io.restart();
            doomed.io.run_one_for(100ms);
        }
    }
}

} // namespace
} // namespace infra::redis
