#pragma once

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>

#include <chrono>
#include <memory>

namespace infra::storage {

/// Waits for `work`, which writes down in `moved` when something last has. Where nothing has for so long it is cancelled, and this
/// throws storage_error with infra::errc::timed_out. One clock for all of it, where a deadline for each piece would cost more than
/// the piece.
awaitable<void> while_moving(awaitable<void> work, std::shared_ptr<const steady_time> moved,
                             std::chrono::milliseconds longest, clock& time);

} // namespace infra::storage
