#pragma once

// Whoever cancels jobs lets the workers of this process know at once: they would learn it with their next renewal. Workers of
// other processes do.

#include <infra/queue/backend.hpp>

#include <functional>

namespace infra::queue::cancel_bell {

/// Those who serve this storage look now.
///
/// Threads: from any.
void ring(const backend& stored);

/// Hears it for as long as it lives. `look` is called by whoever rings, on its thread; it must not wait.
class listener {
public:
    listener(const backend& stored, std::function<void()> look);
    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

private:
    friend void ring(const backend& stored);
    const backend* const stored_;
    const std::function<void()> look_;
};

} // namespace infra::queue::cancel_bell
