#pragma once

/// The loops and threads that default instances live on, made at first use and ended with the process.

#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/event_loop.hpp>

namespace infra {

/// One loop a core, running.
event_loops& default_loops();

/// The executor of one of them, in turn.
executor default_executor();

blocking_pool& default_blocking_pool();

} // namespace infra
