#pragma once

/// From libcurl's codes to ours, in words that help. Pure.

#include "phase.hpp"

#include <infra/base/error.hpp>

#include <curl/curl.h>

#include <string>
#include <string_view>

namespace infra::http {

/// What is known about a transfer that did not end well.
struct transfer_end {
    CURLcode code = CURLE_OK;
    http::phase phase = phase::queued;
    std::string_view detail{}; ///< libcurl's own words on this very failure; may be empty
    long tunnel_status = 0;    ///< the proxy's answer to CONNECT; 0 without one
};

/// The exception for the request called `name` ("GET example.com").
error describe_failure(const std::string& name, const transfer_end& end);

} // namespace infra::http
