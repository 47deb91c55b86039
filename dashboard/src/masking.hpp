#pragma once

// Secrets in what others stored: payloads of jobs, their results.

#include <infra/base/json.hpp>

#include <string>
#include <string_view>

namespace infra::dashboard {

/// What stands in the place of a secret.
inline constexpr std::string_view mask = "[masked]";

/// JSON text in which each string under a name such as `password`, `api_key`, `Authorization` or `sessionToken` is `"[masked]"`. Text that is
/// no JSON, or was cut, as far as it reads like some.
std::string masked(std::string_view json);

/// Puts back in each mask's place what stands there in `from`: of somebody who edits what he was shown.
void unmask(json::value& made, const json::value& from);

} // namespace infra::dashboard
