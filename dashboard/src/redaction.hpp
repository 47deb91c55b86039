#pragma once

// What is not to be shown of values that the service has put somewhere.

#include <infra/base/json.hpp>

#include <cstddef>
#include <string_view>

namespace infra::dashboard {

/// Whether what is called so is likely a secret: it has password, passwd, token, secret, authorization, cookie, api_key or private_key in
/// it, in whatever spelling.
bool names_a_secret(std::string_view name) noexcept;

/// Puts `•••` in the place of members that are called so, at any depth; how many there were.
std::size_t redact(json::value& in);

} // namespace infra::dashboard
