#pragma once

#include <infra/base/awaitable.hpp>

#include <cstddef>
#include <functional>

namespace infra::storage {

/// Runs `work()` so many times at once, on the caller's executor. The first that fails ends the others; its failure is thrown once
/// all have ended.
awaitable<void> at_once(std::size_t times, std::function<awaitable<void>()> work);

} // namespace infra::storage
