#pragma once

#include <infra/runtime/event.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>

namespace infra::realtime::detail {

/// What run() and stop() know of each other. It outlives the hub while run() has not noticed that.
struct life {
    event stopping;                     ///< stop() was called: nobody new comes in
    event over;                         ///< run() has to end: stop() is through with the broker, or the hub has gone
    event ended;                        ///< run() has
    std::atomic<std::size_t> unsaid{0}; ///< disconnections that the other nodes have yet to hear of
    bool running = false;               // guarded by mutex
    std::mutex mutex;

    bool runs() {
        const std::scoped_lock lock(mutex);
        return running && !ended.is_set();
    }
};

} // namespace infra::realtime::detail
