#pragma once

/// What a redirect asks for, and what a request becomes by it (RFC 9110 section 15.4).

#include "target.hpp"

#include <infra/base/http_message.hpp>

#include <optional>
#include <string>

namespace infra::http {

/// A request that has been checked: what goes over the wire.
struct outgoing {
    http::method method = http::method::get;
    target to;
    http::headers headers;
    std::string body;

    /// "POST api.example.com", the beginning of every sentence about it.
    std::string name() const;
};

/// The request to send next, or nothing if the response is the answer. `sent` gives its headers and body away if there
/// is a next one. Throws client_errc::redirect for a Location that must not be followed.
std::optional<outgoing> redirected(outgoing& sent, int status, const headers& response);

} // namespace infra::http
