#pragma once

#include "objects.hpp"

#include <chrono>
#include <cstddef>

namespace infra::storage::disk {

/// Removes files being written whose writer is gone; how many. Spares what it cannot judge.
std::size_t sweep_temporaries(const layout& in, std::chrono::milliseconds age);

/// These; what is known of objects that are not, or no longer, there; uploads that never quite began or ended. Throws
/// infra::errc::timed_out: what it has removed until then is removed.
std::size_t sweep(const layout& in, std::chrono::milliseconds age, deadline limit, const clock& time);

} // namespace infra::storage::disk
