#pragma once

// Which pages may connect. A browser sends its cookies along with a WebSocket handshake to whomever a page names, and no other rule holds it
// back: without this check any page could speak as its visitor.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::websocket {

/// `https://shop.example:8443`: scheme, host and port, in lower case, the port always there.
struct web_origin {
    std::string scheme{};
    std::string host{};
    std::string port{};

    friend bool operator==(const web_origin&, const web_origin&) = default;
};

/// Nothing for what browsers do not send: "null", a path, a user. `*` may stand for the first labels of the host.
std::optional<web_origin> parse_origin(std::string_view text);

/// Throws std::invalid_argument that names the option.
void check_origins(const std::vector<std::string>& allowed, std::string_view option);

/// How the client calls us.
struct called_as {
    std::string_view scheme{}; ///< "http" may also be "https" that ended at a proxy
    std::string_view host{};   ///< "shop.example:8080"
};

/// `allowed` is websocket_options::origins.
bool is_allowed_origin(std::string_view origin, const std::vector<std::string>& allowed, const called_as& us);

} // namespace infra::realtime::websocket
