#pragma once

#include <infra/runtime/event.hpp>

#include <mutex>

namespace infra::realtime::detail {

/// What run() and stop() know of each other. It outlives the hub while run() has not noticed that.
struct life {
    event stopping;       ///< stop() was called: nobody new comes in
    event over;           ///< run() has to end: stop() is through with the broker, or the hub has gone
    event ended;          ///< run() has
    bool running = false; // guarded by mutex
    std::mutex mutex;
};

} // namespace infra::realtime::detail
