#pragma once

/// What your tests need: a clock they own.
///
///     infra::testing::manual_clock time;
///     health::registry checks({.time = time});
///     time.advance(5s);

#include <infra/base/clock.hpp>

namespace infra::testing {

using infra::manual_clock;

} // namespace infra::testing
