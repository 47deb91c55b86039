#pragma once

/// What a redirect asks for, and what a request becomes by it (RFC 9110 section 15.4).

#include "target.hpp"

#include <infra/base/http_message.hpp>
#include <infra/base/shared_bytes.hpp>
#include <infra/http_client.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace infra::http {

/// A request that has been checked: what goes over the wire.
struct outgoing {
    http::method method = http::method::get;
    target to;
    http::headers headers;
    shared_bytes body;
    body_source source{}; ///< set: instead of body
    std::optional<std::uint64_t> source_size{};
    bool fresh_connection = false;
    bool expect_continue = false;

    /// "POST api.example.com", the beginning of every sentence about it.
    std::string name() const;
};

/// The request to send next, or nothing if the response is the answer. `sent` gives its headers and body away if there
/// is a next one. Throws client_errc::redirect for a Location that must not be followed, or cannot be, since the body came
/// from a source.
std::optional<outgoing> redirected(outgoing& sent, int status, const headers& response);

} // namespace infra::http
