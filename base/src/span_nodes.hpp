#pragma once

// How a span makes a node of its own current and takes it away again. Inlined into span's constructors and destructor, which
// run for every request, query and job: most spans are not sampled, and calls would be the greater part of what they cost.
// Like context_slot.hpp only for functions that are no coroutines and are not inlined.

#include <infra/base/context_slot.hpp>

#include <array>
#include <cstddef>

namespace infra::detail {

// Spans make and drop a node each, so a thread keeps some that it has done with: unowned, with nothing below, and with the
// two references that a span's has. Nothing of it is left when the thread ends; what other thread_locals still release
// then is deleted.
struct node_pool {
    static constexpr std::size_t most = 64;
    std::array<context_node*, most> nodes;
    std::size_t size;
    std::size_t room; // `most`; 0 before the first node is released and once the thread ends
};
extern constinit thread_local node_pool pool;

[[gnu::cold]] context_node* make_node();

inline bool has_node() noexcept { return pool.size > 0; }

/// One reference is the caller's, one the slot's.
inline context_node* pooled_node() noexcept { return pool.nodes[--pool.size]; }
inline context_node* take_node() { return has_node() ? pooled_node() : make_node(); }

/// Whether the thread keeps it.
inline bool pool_takes(context_node* node) noexcept {
    if (pool.size >= pool.room)
        return false;
    pool.nodes[pool.size++] = node;
    return true;
}

/// Makes `fresh` current: what `current` is, which slot_get_here() just gave, but for the span.
inline slot_entry enter_span(context_node* fresh, const context_node* current, const span_context& span) noexcept {
    fresh->span = span;
    fresh->telemetry_suppressed = current && current->telemetry_suppressed;
    fresh->request = current ? current->request : nullptr; // owned by `current`, which the entry keeps
    return {fresh, std::exchange(slot, fresh)};
}

[[gnu::cold]] void leave_captured_span(const context_node* node) noexcept;
[[gnu::cold]] void leave_span_out_of_order(slot_entry entry) noexcept;

/// In any order, on any thread.
inline void leave_span(slot_entry entry) noexcept {
    auto* const node = const_cast<context_node*>(entry.entered); // made by enter_span or with_span, for this span
    if (slot != node) [[unlikely]]
        return leave_span_out_of_order(entry);
    slot = entry.previous;
    const bool ours = node->references.load(std::memory_order_acquire) == 2;
    if (!ours || node->owner || !pool_takes(node)) [[unlikely]] // a span that nobody captured is most of them
        leave_captured_span(node);
}

} // namespace infra::detail
