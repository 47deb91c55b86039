#include "failure.hpp"

#include <infra/http_client/client_errc.hpp>

namespace infra::http {
namespace {

using boost::system::error_code;

struct verdict {
    error_code code;
    std::string_view sentence;
    bool with_detail = false; // libcurl's words name certificates and addresses here, and nothing secret
};

// libcurl has one code for "nothing more came" and for "what came made no sense"; only its words tell them apart. Should
// they change, the failure passes for a lost connection again.
verdict judge_receiving(const transfer_end& end) {
    if (end.detail.ends_with("in chunked-encoding"))
        return {client_errc::protocol, "the body's chunks are broken", true};
    if (end.detail.starts_with("Too large response headers"))
        return {client_errc::too_large, "the response's header is over libcurl's limit"};
    return {client_errc::lost, "the connection ended too early"};
}

// It has one code for every handshake that fails, too, and one for every certificate.
verdict judge_handshake(const transfer_end& end) {
    for (const auto* const words : {"OpenSSL SSL_connect:", "Recv failure:", "Send failure:"}) // not TLS's, but TCP's
        if (end.detail.starts_with(words))
            return {client_errc::lost, "the connection ended too early"};
    return {client_errc::tls, "the TLS handshake failed", true};
}

verdict judge_certificate(const transfer_end& end) {
    const bool names_another = end.detail.find("target host name") != std::string_view::npos;
    return {client_errc::tls, names_another ? "the certificate is for another host" : "the certificate is not trusted",
            true};
}

verdict judge(const transfer_end& end) {
    switch (end.code) {
    case CURLE_COULDNT_RESOLVE_HOST: return {client_errc::dns, "no such host; check the name and the resolver"};
    case CURLE_COULDNT_RESOLVE_PROXY:
        return {client_errc::dns, "the proxy's name has no address; check the proxy option"};
    case CURLE_COULDNT_CONNECT: return {client_errc::connect, "cannot connect; is it running and reachable?", true};
    case CURLE_PROXY: return {client_errc::proxy, "the proxy refused to connect"};
    case CURLE_OPERATION_TIMEDOUT: return {errc::timed_out, "connect_timeout passed"};
    case CURLE_PEER_FAILED_VERIFICATION: return judge_certificate(end);
    case CURLE_SSL_CACERT_BADFILE:
        return {client_errc::tls, "the certificates to trust cannot be read; check ca_file, ca_directory, or install "
                                  "the package ca-certificates"};
    case CURLE_SSL_CONNECT_ERROR: return judge_handshake(end);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT: return {client_errc::tls, "the TLS handshake failed", true};
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return {client_errc::lost, "the connection ended too early"};
    case CURLE_RECV_ERROR: return judge_receiving(end);
    case CURLE_FILESIZE_EXCEEDED: return {client_errc::too_large, "the body is over the limit; see max_response_body"};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return {client_errc::protocol, "what answers does not speak HTTP/1 or HTTP/2 as it should"};
    case CURLE_BAD_CONTENT_ENCODING: return {client_errc::protocol, "the body's Content-Encoding is unknown or broken"};
    case CURLE_OUT_OF_MEMORY: // also libcurl's word for a line of a header over its own limit
        return {client_errc::too_large, "a line of the response's header is over libcurl's limit"};
    case CURLE_URL_MALFORMAT: return {errc::invalid_input, "the URL is malformed"};
    default: return {errc::unavailable, curl_easy_strerror(end.code)};
    }
}

bool refused_by_tunnel(const transfer_end& end) { return end.tunnel_status != 0 && end.tunnel_status / 100 != 2; }

} // namespace

error describe_failure(const std::string& name, const transfer_end& end) {
    if (refused_by_tunnel(end))
        return {client_errc::proxy,
                name + ": the proxy refused the tunnel with status " + std::to_string(end.tunnel_status)};
    const auto [code, sentence, with_detail] = judge(end);
    auto text = name + ": " + std::string(sentence);
    if (with_detail && !end.detail.empty())
        text.append(" (").append(end.detail).append(")");
    else if (code == errc::timed_out || code == client_errc::lost)
        text.append(" while ").append(to_string(end.phase));
    return {code, text};
}

} // namespace infra::http
