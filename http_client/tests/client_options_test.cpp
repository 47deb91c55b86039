#include <infra/http_client/client_options.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

struct refused {
    client_options options;
    std::string sentence;
};

TEST(ClientOptions, NameTheFieldThatIsWrong) {
    const refused table[] = {
        {{.default_deadline = 0ms}, "default_deadline must be greater than zero"},
        {{.connect_timeout = 0ms}, "connect_timeout must be greater than zero and at most an hour"},
        {{.connect_timeout = 2h}, "connect_timeout must be greater than zero and at most an hour"},
        {{.max_redirects = -1}, "max_redirects must be from 0 to 20"},
        {{.max_redirects = 21}, "max_redirects must be from 0 to 20"},
        {{.user_agent = ""}, "user_agent must be one line of text"},
        {{.user_agent = "a\r\nX: 1"}, "user_agent must be one line of text"},
        {{.proxy = {.http = "proxy:3128"}}, "proxy.http must be a URL with scheme http, https, socks5 or socks5h"},
        {{.proxy = {.https = "ftp://h"}}, "proxy.https must be a URL with scheme http, https, socks5 or socks5h"},
        {{.tls = {.ca_file = "a", .ca_directory = "b"}}, "tls must be given ca_file or ca_directory, not both"},
        {{.max_connections_per_host = 0}, "max_connections_per_host must be from 1 to 10000"},
        {{.max_connections = 10'001}, "max_connections must be from 1 to 10000"},
        {{.max_requests = 0}, "max_requests must be at least 1"},
        {{.stream_buffer = 65'535}, "stream_buffer must be from 64 KiB to 1 GiB"},
        {{.max_idle = 0s}, "max_idle must be from a second to an hour"},
    };
    for (const auto& [options, sentence] : table) {
        try {
            validate(options);
            ADD_FAILURE() << "accepted what should say: " << sentence;
        } catch (const std::invalid_argument& e) {
            EXPECT_EQ(e.what(), "http::client_options::" + sentence);
        }
    }
}

TEST(ClientOptions, AcceptTheirDefaultsAndEachKindOfProxy) {
    EXPECT_NO_THROW(validate({}));
    for (const auto* proxy : {"http://p:3128", "https://u:pw@p", "socks5://p", "socks5h://p:1080"})
        EXPECT_NO_THROW(validate({.proxy = {.http = proxy, .https = proxy}})) << proxy;
}

TEST(ClientOptions, ReadProxiesFromTheEnvironment) {
    const auto none = proxies_from(environment());
    EXPECT_EQ(none.http + none.https + none.no_proxy, "");

    const auto all = proxies_from(environment({{"all_proxy", "socks5h://p"}, {"NO_PROXY", "localhost"}}));
    EXPECT_EQ(all.http, "socks5h://p");
    EXPECT_EQ(all.https, "socks5h://p");
    EXPECT_EQ(all.no_proxy, "localhost");

    const auto each = proxies_from(
        environment({{"http_proxy", "a:3128"}, {"https_proxy", "http://b"}, {"HTTPS_PROXY", "c"}, {"all_proxy", "d"}}));
    EXPECT_EQ(each.http, "http://a:3128");
    EXPECT_EQ(each.https, "http://b");
}

TEST(ClientOptions, ReadCertificatesToTrustFromTheEnvironment) {
    const auto none = tls_from(environment());
    EXPECT_EQ(none.ca_file + none.ca_directory, "");
    EXPECT_EQ(tls_from(environment({{"SSL_CERT_DIR", "/etc/certs"}})).ca_directory, "/etc/certs");
    const auto both = tls_from(environment({{"SSL_CERT_DIR", "/etc/certs"}, {"SSL_CERT_FILE", "/etc/ca.pem"}}));
    EXPECT_EQ(both.ca_file, "/etc/ca.pem");
    EXPECT_EQ(both.ca_directory, "") << "at most one of the two";
}

TEST(ClientOptions, DoNotTrustAVariableThatARequestCanSet) {
    EXPECT_EQ(proxies_from(environment({{"HTTP_PROXY", "http://evil"}})).http, "");
}

} // namespace
} // namespace infra::http
