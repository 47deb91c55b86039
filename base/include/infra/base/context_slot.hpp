#pragma once

/// The slot in which a thread keeps its current context, for what is called too often to pay for a call of slot_get().
///
/// Only for functions that are no coroutines and are not inlined: a compiler may keep a thread_local's address across a
/// suspension, after which the coroutine may be on another thread.

#include <infra/base/context.hpp>

namespace infra::detail {

extern constinit thread_local const context_node* slot;

/// slot_get() without a call, but where spans have been left out of their order.
inline const context_node* slot_get_here() noexcept {
    if (slot && slot->below.load(std::memory_order_acquire)) [[unlikely]]
        return slot_get();
    return slot;
}

/// True only if slot_get() is worth asking for a sampled span. Two loads; out of any context one.
inline bool may_be_sampled() noexcept { return slot && slot->span.sampled(); }

} // namespace infra::detail
