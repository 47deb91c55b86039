#pragma once

#include <string_view>

namespace infra::email {

/// Whether a transport is registered for it.
bool is_scheme(std::string_view scheme);

} // namespace infra::email
