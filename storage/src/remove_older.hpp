#pragma once

#include "core.hpp"

#include <infra/base/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace infra::storage {

/// storage::remove_older().
awaitable<std::size_t> remove_older_objects(core_ptr core, std::string prefix, std::chrono::milliseconds age);

} // namespace infra::storage
