#pragma once

// Who is let in: what a request shows of its sender, and what follows from it. Pure.

#include <infra/dashboard.hpp>
#include <infra/http_server/request.hpp>
#include <infra/http_server/response.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::dashboard {

/// What somebody asks for.
enum class need {
    page,    ///< the application itself: files that are the same for everybody
    read,    ///< GET of the API
    live,    ///< the stream
    operate, ///< what changes something
};

/// Whose page made a browser ask.
enum class asked_by {
    ours,    ///< a page of this origin
    person,  ///< an address that was typed or a bookmark
    unknown, ///< no browser, or one that does not tell
    others,  ///< a page of another origin, or of another port of this host
};

/// What is known of a request.
struct shown {
    bool from_here = false;  ///< by a loopback address, on behalf of nobody else
    bool local_host = false; ///< we were called by a loopback name or address
    bool admin_token = false;
    bool session = false;
    bool too_many = false; ///< wrong tokens came from that address; who is logged in is none of those
    bool page_header = false;
    asked_by by = asked_by::unknown;
    std::optional<role> by_service{}; ///< what the service's own function said; empty: it has none
};

enum class verdict {
    welcome,
    not_here,   ///< from another machine, and the service has not said who may
    rebound,    ///< called by a name that is not this machine's: another site's page may be behind it
    other_site, ///< another site asks through somebody's browser
    stranger,   ///< nobody has logged in
    too_many,   ///< wrong tokens
    denied,     ///< the service's function says none
    may_not,    ///< may read only
};

role role_of(const shown& s) noexcept;
verdict judge(const shown& s, need wanted) noexcept;

/// 401, 403, 421 or 429 with a sentence; not for `welcome`.
http::response refusal(verdict v);

// --- Reading requests ------------------------------------------------------------------------------------------------

/// Whether the sender is on this machine. Behind a proxy that is trusted, remote_address() is its client's. A proxy that is not
/// trusted has a loopback address itself: whoever says that he forwards speaks for those whom he names.
bool is_from_here(const http::request& r) noexcept;

/// "localhost", "x.localhost", 127.0.0.0/8, [::1], with or without a port.
bool is_local_name(std::string_view host) noexcept;

/// The address for people on this machine of a server that listens at this one, which may be "any": "http://0.0.0.0:3000".
std::string address_from_here(std::string_view url);

asked_by asking_site(const http::request& r) noexcept;

/// Of `Authorization: Bearer`; empty without it.
std::string_view bearer_of(const http::request& r) noexcept;

/// In a time that does not tell how much of it was right. An empty secret is nobody's.
bool same_secret(std::string_view given, std::string_view secret) noexcept;

} // namespace infra::dashboard
