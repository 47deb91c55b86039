#pragma once

// What a client is told that was refused before, or beside, its handler.

#include <infra/http_server/response.hpp>

namespace infra::http::detail {

response make_refusal(int status);

/// The same, to be thrown through a handler.
error_response refused(int status);

} // namespace infra::http::detail
