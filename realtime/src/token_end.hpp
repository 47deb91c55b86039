#pragma once

#include <infra/base/time.hpp>

#include <optional>
#include <string_view>

namespace infra::realtime::detail {

/// When the token of a signed name is over; empty: never, or it is none.
std::optional<wall_time> end_of_token(std::string_view token) noexcept;

} // namespace infra::realtime::detail
