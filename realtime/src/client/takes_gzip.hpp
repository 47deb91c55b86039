#pragma once

#include <string_view>

namespace infra::realtime {

/// Whether an Accept-Encoding field takes gzip: it names it, and not with a quality of 0.
bool takes_gzip(std::string_view accept_encoding) noexcept;

} // namespace infra::realtime
