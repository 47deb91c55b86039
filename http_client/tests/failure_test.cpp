#include "src/failure.hpp"

#include <infra/http_client/client_errc.hpp>

#include <gtest/gtest.h>

namespace infra::http {
namespace {

struct expectation {
    transfer_end end;
    boost::system::error_code code;
    std::string sentence;
};

TEST(Failure, TellsWhatHappenedToWhat) {
    const expectation table[] = {
        {{.code = CURLE_COULDNT_RESOLVE_HOST}, client_errc::dns, "no such host; check the name and the resolver"},
        {{.code = CURLE_COULDNT_RESOLVE_PROXY},
         client_errc::dns,
         "the proxy's name has no address; check the proxy option"},
        {{.code = CURLE_COULDNT_CONNECT, .detail = "port 1: refused"},
         client_errc::connect,
         "cannot connect; is it running and reachable? (port 1: refused)"},
        {{.code = CURLE_OPERATION_TIMEDOUT, .phase = phase::handshaking, .detail = "after 5 ms"},
         errc::timed_out,
         "connect_timeout passed while shaking hands over TLS"},
        {{.code = CURLE_PEER_FAILED_VERIFICATION, .detail = "self-signed certificate"},
         client_errc::tls,
         "the certificate is not trusted (self-signed certificate)"},
        {{.code = CURLE_PEER_FAILED_VERIFICATION, .detail = "no name matches target host name 'h'"},
         client_errc::tls,
         "the certificate is for another host (no name matches target host name 'h')"},
        {{.code = CURLE_SSL_CONNECT_ERROR, .phase = phase::handshaking, .detail = "wrong version number"},
         client_errc::tls,
         "the TLS handshake failed (wrong version number)"},
        {{.code = CURLE_SSL_CONNECT_ERROR, .phase = phase::handshaking, .detail = "Recv failure: reset by peer"},
         client_errc::lost,
         "the connection ended too early while shaking hands over TLS"},
        {{.code = CURLE_RECV_ERROR, .phase = phase::receiving, .detail = "anything the peer said"},
         client_errc::lost,
         "the connection ended too early while receiving the response"},
        {{.code = CURLE_RECV_ERROR, .detail = "Too long hexadecimal number in chunked-encoding"},
         client_errc::protocol,
         "the body's chunks are broken (Too long hexadecimal number in chunked-encoding)"},
        {{.code = CURLE_RECV_ERROR, .detail = "Too large response headers: 308098 > 307200"},
         client_errc::too_large,
         "the response's header is over libcurl's limit"},
        {{.code = CURLE_OUT_OF_MEMORY},
         client_errc::too_large,
         "a line of the response's header is over libcurl's limit"},
        {{.code = CURLE_GOT_NOTHING, .phase = phase::waiting},
         client_errc::lost,
         "the connection ended too early while waiting for the response"},
        {{.code = CURLE_RECV_ERROR, .tunnel_status = 407},
         client_errc::proxy,
         "the proxy refused the tunnel with status 407"},
        {{.code = CURLE_RECV_ERROR, .phase = phase::waiting, .tunnel_status = 200},
         client_errc::lost,
         "the connection ended too early while waiting for the response"},
        {{.code = CURLE_WEIRD_SERVER_REPLY},
         client_errc::protocol,
         "what answers does not speak HTTP/1 or HTTP/2 as it should"},
        {{.code = CURLE_NOT_BUILT_IN}, errc::unavailable, curl_easy_strerror(CURLE_NOT_BUILT_IN)},
    };
    for (const auto& [end, code, sentence] : table) {
        const auto told = describe_failure("GET example.com", end);
        EXPECT_EQ(told.code(), code) << sentence;
        EXPECT_EQ(told.what(), "GET example.com: " + sentence);
    }
}

} // namespace
} // namespace infra::http
