#pragma once

/// Where a request goes. URLs are read by libcurl's parser alone: two parsers that differ on a URL would check one host
/// and connect to another.

#include <cstdint>
#include <string>

namespace infra::http {

struct target {
    std::string url;    ///< to be requested; without user part and fragment
    std::string scheme; ///< "http" or "https"
    std::string host;   ///< lower case; an IPv6 address in brackets
    std::uint16_t port = 0;
    std::string authorization; ///< "Basic …" if the URL had a name or password

    /// `host`, or `host:port` if the port is not the scheme's own. The one way a target is named in messages.
    std::string authority() const;

    /// The URL with "REDACTED" in place of each query value.
    std::string redacted() const;
};

/// Throws errc::invalid_input with a sentence that does not repeat the URL.
target parse_target(const std::string& url);

/// What `reference`, a Location header's value, means coming from `base`. A user part in it is ignored.
target resolve(const target& base, const std::string& reference);

/// RFC 6454: scheme, host and port are equal.
bool same_origin(const target& a, const target& b) noexcept;

} // namespace infra::http
