#include <infra/http_client/client_options.hpp>

#include "curl_loop/handle.hpp"

#include <infra/base/http_message.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace infra::http {
namespace {

void require(bool holds, const char* field, const char* rule) {
    if (!holds)
        throw std::invalid_argument("http::client_options::" + std::string(field) + " must be " + rule);
}

bool is_proxy(const std::string& url) {
    constexpr std::array<std::string_view, 4> schemes{"http", "https", "socks5", "socks5h"};
    const curl::url parsed(curl_url());
    char* scheme = nullptr;
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(parsed.get(), CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return false;
    const curl::text held(scheme);
    return std::ranges::find(schemes, std::string_view(scheme)) != schemes.end();
}

std::string first_of(const environment& variables, std::initializer_list<std::string_view> names) {
    for (const auto name : names)
        if (auto value = variables.get(name))
            return *value;
    return {};
}

// The environment's customary `host:3128` has no scheme.
std::string with_scheme(std::string proxy) {
    return proxy.empty() || proxy.find("://") != std::string::npos ? proxy : "http://" + proxy;
}

bool is_field_value(const std::string& text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

} // namespace

proxy_options proxies_from(const environment& variables) {
    return {.http = with_scheme(first_of(variables, {"http_proxy", "all_proxy", "ALL_PROXY"})),
            .https = with_scheme(first_of(variables, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})),
            .no_proxy = first_of(variables, {"no_proxy", "NO_PROXY"})};
}

client_tls_options tls_from(const environment& variables) {
    auto file = variables.get_or("SSL_CERT_FILE", "");
    auto directory = file.empty() ? variables.get_or("SSL_CERT_DIR", "") : std::string();
    return {.ca_file = std::move(file), .ca_directory = std::move(directory)};
}

void validate(const client_options& o) {
    using std::chrono::milliseconds;
    constexpr std::size_t most_connections = 10'000;
    require(o.default_deadline > milliseconds::zero(), "default_deadline", "greater than zero");
    require(o.connect_timeout > milliseconds::zero() && o.connect_timeout <= std::chrono::hours(1), "connect_timeout",
            "greater than zero and at most an hour");
    require(o.max_redirects >= 0 && o.max_redirects <= 20, "max_redirects", "from 0 to 20");
    require(!o.user_agent.empty() && is_field_value(o.user_agent), "user_agent", "one line of text");
    require(o.proxy.http.empty() || is_proxy(o.proxy.http), "proxy.http",
            "a URL with scheme http, https, socks5 or socks5h");
    require(o.proxy.https.empty() || is_proxy(o.proxy.https), "proxy.https",
            "a URL with scheme http, https, socks5 or socks5h");
    require(o.tls.ca_file.empty() || o.tls.ca_directory.empty(), "tls", "given ca_file or ca_directory, not both");
    require(o.max_connections_per_host >= 1 && o.max_connections_per_host <= most_connections,
            "max_connections_per_host", "from 1 to 10000");
    require(o.max_connections >= 1 && o.max_connections <= most_connections, "max_connections", "from 1 to 10000");
    require(o.max_requests >= 1, "max_requests", "at least 1");
    require(o.stream_buffer >= 64 * 1024 && o.stream_buffer <= 1024 * 1024 * 1024, "stream_buffer",
            "from 64 KiB to 1 GiB");
    require(o.max_idle >= std::chrono::seconds(1) && o.max_idle <= std::chrono::hours(1), "max_idle",
            "from a second to an hour");
}

} // namespace infra::http
