#pragma once

// Secrets in what others stored: payloads of jobs, their results, values of the cache.

#include <infra/base/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace infra::dashboard {

/// What stands in the place of a secret.
inline constexpr std::string_view mask = "[masked]";

/// JSON text in which each string under a name such as `password`, `api_key`, `Authorization` or `sessionToken`, at any depth, is
/// `"[masked]"`. Text that is no JSON, or was cut, as far as it reads like some.
std::string masked(std::string_view json);

/// Whether a name is one of those, in whatever spelling.
bool names_a_secret(std::string_view name);

/// The same for JSON that is read already: the whole value under such a name becomes the mask, at any depth. How many there were.
std::size_t mask_in(json::value& value);

/// Puts back in each mask's place what stands there in `from`: of somebody who edits what he was shown.
void unmask(json::value& made, const json::value& from);

} // namespace infra::dashboard
