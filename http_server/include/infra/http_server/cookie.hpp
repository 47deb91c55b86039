#pragma once

/// Cookies (RFC 6265 and its successor draft): reading them from a request, setting them in a response.
///
///     auto session = req.cookie("session");                                   // optional<string_view>
///     res.set_cookie({.name = "session", .value = token, .max_age = 24h});

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace infra::http {

/// Whether a browser sends the cookie with requests that another site caused.
enum class same_site {
    strict, ///< never
    lax,    ///< only when the user follows a link
    none,   ///< always; needs `secure`
};

/// A cookie to be set. The defaults are the careful choice: not readable by scripts, only over TLS (browsers count
/// http://localhost as such), not sent along with other sites' forms.
struct cookie {
    std::string name;                              ///< a token
    std::string value{};                           ///< no white space, quotes, commas, semicolons or backslashes
    std::optional<std::chrono::seconds> max_age{}; ///< absent: until the browser ends; zero or less: remove it now
    std::string path = "/";
    std::string domain{}; ///< empty: this host alone, not its subdomains
    bool http_only = true;
    bool secure = true;
    same_site sites = same_site::lax;
};

/// The value of a `Set-Cookie` field. Throws std::invalid_argument naming the member that cannot be sent.
std::string to_set_cookie(const cookie& c);

/// The value under `name` in a `Cookie` field; quotes around it are not part of it. Browsers send the most specific
/// path first, so the first of several counts.
std::optional<std::string_view> find_cookie(std::string_view header, std::string_view name) noexcept;

} // namespace infra::http
