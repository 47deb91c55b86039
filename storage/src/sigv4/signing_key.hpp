#pragma once

#include "sha256.hpp"

#include <string_view>

namespace infra::storage::sigv4 {

/// What signatures of a day are made with. The last few are remembered by each thread.
digest signing_key(std::string_view secret, std::string_view day, std::string_view region, std::string_view service);

} // namespace infra::storage::sigv4
