#pragma once

#include "../core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/upload.hpp>

#include <chrono>
#include <string>

namespace infra::storage {

/// Aborts uploads of keys under `prefix`, as the bucket knows it, that were begun longer than `age` ago, and removes other leavings
/// as old.
awaitable<sweep_result> sweep(core_ptr core, std::chrono::milliseconds age, std::string prefix);

} // namespace infra::storage
