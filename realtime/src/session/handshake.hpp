#pragma once

#include <infra/realtime/options.hpp>

namespace infra::realtime::detail {

/// Takes the token out of the subprotocols, chosen or offered, where there is one.
void find_token(handshake& from);

} // namespace infra::realtime::detail
