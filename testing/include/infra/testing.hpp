#pragma once

/// What your tests need: a clock they own, and what else they may include from infra/testing/: inline_queue.hpp,
/// captured_mail.hpp, socket_pair.hpp, background_conformance.hpp.
///
///     infra::testing::manual_clock time;
///     health::registry checks({.time = time});
///     time.advance(5s);

#include <infra/base/clock.hpp>

namespace infra::testing {

using infra::manual_clock;

} // namespace infra::testing
