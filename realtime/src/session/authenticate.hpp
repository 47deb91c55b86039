#pragma once

#include <infra/realtime/options.hpp>

namespace infra::realtime::detail {

/// hub_options::authenticate, within its time; throws what it throws. `options` outlives it.
awaitable<identity> ask_who(const hub_options& options, handshake from);

} // namespace infra::realtime::detail
