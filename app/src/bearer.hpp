#pragma once

// Who shows a token that only some know.

#include <infra/http_server/request.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace infra::app {

/// In a time that does not tell how much of it was right. Nothing is the same as an empty one.
bool same_secret(std::string_view given, std::string_view expected) noexcept;

/// Whether a request says `Authorization: Bearer` and this; nobody does where it is empty.
std::function<bool(const http::request&)> with_token(std::string token);

} // namespace infra::app
