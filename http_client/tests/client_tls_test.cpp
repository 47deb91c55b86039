#include <infra/http_client.hpp>

#include "tests/support.hpp"
#include "tests/tls_server.hpp"

#include <gtest/gtest.h>

namespace infra::http {
namespace {

struct ClientTls : ::testing::Test {
    test_loop loop;
    const testing::test_authority authority;

    std::shared_ptr<outcome<client_response>> get(const std::string& shown, client_tls_options tls) {
        const test_server server(loop.get_executor(), answering(response(200, "secret")), over_tls(shown));
        const client http(loop.get_executor(), {.tls = std::move(tls)});
        return loop.run(http.send({.url = "https://" + server.authority() + "/"}));
    }
};

TEST_F(ClientTls, TrustsTheAuthorityItIsGiven) {
    const auto got = get(authority.issue(), {.ca_file = authority.ca_file()});
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->body, "secret");
    EXPECT_GT(got->value->timings.secured.count(), 0);
}

TEST_F(ClientTls, KeepsItsConnections) {
    const test_server server(loop.get_executor(), answering(response(200, "ok")), over_tls(authority.issue()));
    const client http(loop.get_executor(), {.tls = {.ca_file = authority.ca_file()}});
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(loop.run(http.send({.url = "https://" + server.authority() + "/"}))->value);
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientTls, RefusesACertificateThatNobodyVouchesFor) {
    const auto got = get(authority.issue(), {});
    EXPECT_EQ(got->code(), client_errc::tls);
    EXPECT_NE(got->what().find("the certificate is not trusted"), std::string::npos) << got->what();
}

TEST_F(ClientTls, RefusesACertificateForAnotherHost) {
    const auto other = authority.issue({.alternative_name = "DNS:example.com"});
    const auto got = get(other, {.ca_file = authority.ca_file()});
    EXPECT_EQ(got->code(), client_errc::tls) << got->what();
}

TEST_F(ClientTls, TakesAnyCertificateOnlyWhenToldSoLoudly) {
    const auto got = get(authority.issue(), {.insecure_accept_any_certificate = true});
    ASSERT_TRUE(got->value) << got->what();
}

TEST_F(ClientTls, SaysSoWhenTheAuthoritiesCannotBeRead) {
    const auto got = get(authority.issue(), {.ca_file = "/nonexistent/ca.pem"});
    EXPECT_EQ(got->code(), client_errc::tls);
    EXPECT_NE(got->what().find("check ca_file"), std::string::npos) << got->what();
}

TEST_F(ClientTls, FailsTheHandshakeWithAServerInTheClear) {
    const test_server server(loop.get_executor(), answering(response(200, "clear")));
    const client http(loop.get_executor());
    const auto port_in_the_clear = loop.spawn(http.send({.url = "https://" + server.authority() + "/"}));
    // The server waits for the end of a request, the client for a handshake: nobody speaks.
    loop.settle();
    EXPECT_FALSE(port_in_the_clear->done());

    const test_server talkative(loop.get_executor(), [](connection& c) -> awaitable<void> {
        co_await c.read_some();
        co_await c.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    const auto got = loop.run(http.send({.url = "https://" + talkative.authority() + "/"}));
    EXPECT_EQ(got->code(), client_errc::tls) << got->what();
}

TEST_F(ClientTls, SaysWhatIsWrongWithACertificate) {
    const testing::test_authority stranger;
    const std::pair<std::string, std::string> table[] = {
        {stranger.issue(), "the certificate is not trusted"},
        {authority.issue({.alternative_name = "DNS:example.com"}), "the certificate is for another host"},
        {authority.issue({.valid_from = -7200, .valid_until = -3600}), "the certificate is not trusted"},
    };
    for (const auto& [shown, sentence] : table) {
        const auto got = get(shown, {.ca_file = authority.ca_file()});
        EXPECT_EQ(got->code(), client_errc::tls);
        EXPECT_NE(got->what().find(sentence), std::string::npos) << got->what();
        EXPECT_FALSE(may_have_arrived(got->failure));
    }
}

TEST_F(ClientTls, LosesAConnectionThatEndsInItsHandshake) {
    for (const bool reset : {false, true}) {
        const test_server server(loop.get_executor(), [reset](connection& c) -> awaitable<void> {
            co_await c.read_some();
            if (reset)
                dynamic_cast<tcp_connection&>(c).reset();
        });
        const client http(loop.get_executor());
        const auto got = loop.run(http.send({.url = "https://" + server.authority() + "/"}));
        EXPECT_EQ(got->code(), client_errc::lost) << got->what();
        EXPECT_TRUE(is_retryable(got->code()));
        EXPECT_FALSE(may_have_arrived(got->failure));
    }
}

TEST_F(ClientTls, LosesABodyThatIsCut) {
    const test_server server(loop.get_executor(), writing("HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nhello"),
                             over_tls(authority.issue()));
    const client http(loop.get_executor(), {.tls = {.ca_file = authority.ca_file()}});
    const auto got = loop.run(http.send({.url = "https://" + server.authority() + "/"}));
    EXPECT_EQ(got->code(), client_errc::lost) << got->what();
    EXPECT_TRUE(may_have_arrived(got->failure));
}

TEST_F(ClientTls, IsNotSpokenByARequestInTheClear) {
    const test_server server(loop.get_executor(), answering(response(200, "secret")), over_tls(authority.issue()));
    const client http(loop.get_executor());
    const auto got = loop.run(http.send({.url = "http://" + server.authority() + "/"}));
    EXPECT_EQ(got->code(), client_errc::lost) << got->what();
}

// --- Proxies ----------------------------------------------------------------------------------------------------

/// A proxy that joins the client to whatever CONNECT names, after showing what it was asked.
test_server::script tunnel(std::string& asked, executor ex) {
    return [&asked, ex](connection& c) -> awaitable<void> {
        asked = co_await c.read_request();
        const auto colon = asked.find(':');
        asio::ip::tcp::socket far(ex);
        const auto port = static_cast<std::uint16_t>(std::stoi(asked.substr(colon + 1)));
        co_await far.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
        tcp_connection there(std::move(far));
        co_await c.write("HTTP/1.1 200 Connected\r\nX-Proxy: 1\r\n\r\n");
        const auto pump = [](connection& from, connection& to) -> awaitable<void> {
            for (auto bytes = co_await from.read_some(); !bytes.empty(); bytes = co_await from.read_some())
                co_await to.write(bytes);
        };
        bool back = true;
        asio::co_spawn(ex, pump(there, c), [&back](std::exception_ptr) { back = false; });
        co_await pump(c, there);
        there.close();
        while (back)
            co_await asio::post(ex, asio::use_awaitable);
    };
}

TEST_F(ClientTls, TunnelsThroughAProxyAndShowsItNothing) {
    std::string asked, seen;
    const test_server server(loop.get_executor(), answering([&](std::string request) {
                                 seen = std::move(request);
                                 return response(200, "through");
                             }),
                             over_tls(authority.issue()));
    const test_server proxy(loop.get_executor(), tunnel(asked, loop.get_executor()));
    {
        const client http(loop.get_executor(), {.proxy = {.https = "http://ann:pw@" + proxy.authority()},
                                                .tls = {.ca_file = authority.ca_file()}});
        const auto got = loop.run(http.send({.url = "https://" + server.authority() + "/path",
                                             .headers = {{"authorization", "Bearer s3cret"}, {"x-mine", "1"}}}));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(got->value->body, "through");
        EXPECT_FALSE(got->value->headers.contains("x-proxy"));
    }
    loop.until([&] { return proxy.open() == 0; });
    EXPECT_TRUE(asked.starts_with("CONNECT " + server.authority() + " HTTP/1.1\r\n")) << asked;
    EXPECT_EQ(field_of(asked, "Proxy-Authorization"), "Basic YW5uOnB3");
    for (const auto* own : {"s3cret", "x-mine", "traceparent", "/path"})
        EXPECT_EQ(asked.find(own), std::string::npos) << own;
    EXPECT_EQ(field_of(seen, "authorization"), "Bearer s3cret");
    EXPECT_EQ(seen.find("YW5uOnB3"), std::string::npos);
}

TEST_F(ClientTls, SaysSoWhenTheProxyRefuses) {
    const test_server proxy(loop.get_executor(), writing(response(407, "who are you?")));
    const client http(loop.get_executor(), {.proxy = {.https = "http://ann:s3cret@" + proxy.authority()}});
    const auto got = loop.run(http.send({.url = "https://example.invalid/"}));
    EXPECT_EQ(got->code(), client_errc::proxy);
    EXPECT_EQ(got->what(), "GET example.invalid: the proxy refused the tunnel with status 407");
}

struct ClientProxy : ::testing::Test {
    test_loop loop;
    std::string seen;
    const test_server proxy{loop.get_executor(), answering([this](std::string request) {
                                seen = std::move(request);
                                return response(200, "by proxy");
                            })};
};

TEST_F(ClientProxy, GetsWholeUrlsForPlainHttp) {
    const client http(loop.get_executor(), {.proxy = {.http = "http://" + proxy.authority()}});
    const auto got = loop.run(http.send({.url = "http://example.invalid/a?b"}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->body, "by proxy");
    EXPECT_TRUE(seen.starts_with("GET http://example.invalid/a?b HTTP/1.1\r\n")) << seen;
    EXPECT_EQ(field_of(seen, "Host"), "example.invalid");
}

TEST_F(ClientProxy, IsLeftOutForHostsInNoProxy) {
    const test_server direct(loop.get_executor(), answering(response(200, "direct")));
    const client http(loop.get_executor(),
                      {.proxy = {.http = "http://" + proxy.authority(), .no_proxy = "localhost,127.0.0.1"}});
    const auto got = loop.run(http.send({.url = direct.url()}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->body, "direct");
    EXPECT_EQ(proxy.accepted(), 0);
}

TEST_F(ClientProxy, IsNotTakenFromTheEnvironmentUnasked) {
    const test_server direct(loop.get_executor(), answering(response(200, "direct")));
    ::setenv("http_proxy", ("http://" + proxy.authority()).c_str(), 1);
    ::setenv("all_proxy", ("http://" + proxy.authority()).c_str(), 1);
    const client http(loop.get_executor());
    const auto got = loop.run(http.send({.url = direct.url()}));
    ::unsetenv("http_proxy");
    ::unsetenv("all_proxy");
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->body, "direct");
}

TEST_F(ClientProxy, IsNamedWhenItIsNotThere) {
    const client http(loop.get_executor(), {.proxy = {.http = "http://ann:s3cret@proxy.invalid"}});
    const auto got = loop.run(http.send({.url = "http://example.com/"}));
    EXPECT_EQ(got->code(), client_errc::dns);
    EXPECT_EQ(got->what(), "GET example.com: the proxy's name has no address; check the proxy option");
}

} // namespace
} // namespace infra::http
