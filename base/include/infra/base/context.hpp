#pragma once

/// What travels with a request: the active span, the request id, what W3C's tracestate and baggage headers brought, and
/// whether telemetry is suppressed.
///
///     context_scope in(context::current().with_request_id(id));
///     co_await store(order);                        // every log line under here carries the id,
///     co_await (charge(card) && notify(user));      // and so do the children
///
/// A context is a value: immutable, shared by reference count. The current one stands in a thread-local slot and
/// follows a coroutine across co_await, threads and loops because the loops' executors carry it (context_executor.hpp).
/// Work that leaves the executors (a blocking pool, a library's own threads, a queue) carries it by hand.

#include <array>
#include <atomic>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra {

namespace telemetry {
class span;
}

/// 16 bytes that name a trace; all zero is "none" (W3C Trace Context).
struct trace_id {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    constexpr explicit operator bool() const noexcept { return (high | low) != 0; }
    friend constexpr auto operator<=>(const trace_id&, const trace_id&) = default;
};

/// 8 bytes that name a span; zero is "none".
struct span_id {
    std::uint64_t value = 0;

    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr auto operator<=>(const span_id&, const span_id&) = default;
};

std::array<char, 32> to_hex(trace_id id) noexcept; ///< lower case
std::array<char, 16> to_hex(span_id id) noexcept;  ///< lower case

/// What a span passes on to its children, in and out of the process.
struct span_context {
    trace_id trace{};
    span_id span{};
    std::uint8_t flags = 0; ///< W3C: bit 0 sampled, bit 1 the trace id is random
    bool remote = false;    ///< it was read from a traceparent: the span is another process's; not compared

    static constexpr std::uint8_t sampled_flag = 1;
    static constexpr std::uint8_t random_flag = 2;

    constexpr bool valid() const noexcept { return trace && span; }
    constexpr bool sampled() const noexcept { return (flags & sampled_flag) != 0; }
    friend constexpr bool operator==(const span_context& a, const span_context& b) noexcept {
        return a.trace == b.trace && a.span == b.span && a.flags == b.flags;
    }
};

/// Reads a W3C `traceparent`; empty for anything the specification tells a receiver to ignore (wrong length or case,
/// zero ids, version ff). A higher version is read by its first 55 characters.
std::optional<span_context> parse_traceparent(std::string_view text) noexcept;

/// Writes version 00, 55 characters.
std::string format_traceparent(const span_context& span);

using baggage = std::vector<std::pair<std::string, std::string>>;

namespace detail {

struct request_info : std::enable_shared_from_this<request_info> {
    std::string request_id{};
    baggage items{};
    std::string trace_state{};
};

struct alignas(64) context_node { // what each span writes of it is one cache line
    mutable std::atomic<std::uint32_t> references{1};
    span_context span;
    bool telemetry_suppressed = false;
    const request_info* request = nullptr; // shared by all spans of a request

    // Empty in a span's node that nobody has retained yet: until then the node below it, which the span holds, owns the
    // request for it. That saves what most spans would pay for counting.
    mutable std::shared_ptr<const request_info> owner;

    // Set, once, when the span this was made for ended while something else was current: whoever comes back to it goes
    // on to the one below. Owns a reference.
    mutable std::atomic<const context_node*> below{nullptr};
};

/// "Inside a context that is empty"; a null slot means outside of any.
extern const context_node empty_node;

// The slot is reached only through these, which are never inlined: a compiler may keep a thread_local's address across a
// suspension, after which the coroutine may be on another thread. (context_slot.hpp is for what is not inlined itself.)
const context_node* slot_get() noexcept; ///< past those that have been left
const context_node* slot_exchange(const context_node* node) noexcept;

/// What makes a node current and takes it away again.
struct slot_entry {
    const context_node* entered = nullptr;  // one reference is ours, one the slot's
    const context_node* previous = nullptr; // owns the reference that the slot gave up
};
slot_entry slot_enter(const context_node* owned) noexcept; ///< takes over the caller's reference
void slot_leave(slot_entry entry) noexcept;

void recycle(const context_node* node) noexcept; ///< nobody refers to it any more

void own_request(const context_node* node) noexcept;

inline const context_node* retain(const context_node* node) noexcept {
    if (!node || node == &empty_node)
        return node;
    if (node->request && !node->owner)
        own_request(node); // the first to retain it is on the thread whose span it is
    node->references.fetch_add(1, std::memory_order_relaxed);
    return node;
}

inline void release(const context_node* node) noexcept {
    if (!node || node == &empty_node)
        return;
    // Whoever holds the only reference needs no atomic subtraction to know it.
    if (node->references.load(std::memory_order_acquire) == 1 ||
        node->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
        recycle(node);
}

} // namespace detail

/// Threads:  a value; the current one belongs to the coroutine or thread that asks.
/// Errors:   none but bad_alloc.
class context {
public:
    /// Empty: no span, no request id.
    context() noexcept : node_(&detail::empty_node) {}
    context(const context& other) noexcept : node_(detail::retain(other.node_)) {}
    context(context&& other) noexcept : node_(std::exchange(other.node_, &detail::empty_node)) {}
    context& operator=(context other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~context() { detail::release(node_); }

    /// That of the running coroutine or thread.
    static context current() noexcept;

    /// The active span; invalid when there is none.
    const span_context& span() const noexcept { return node_->span; }
    std::string_view request_id() const noexcept;
    const infra::baggage& baggage() const noexcept;

    /// The tracestate that came with the trace; empty when there is none.
    std::string_view trace_state() const noexcept;

    /// True under an exporter's own work, so that telemetry makes no telemetry about itself.
    bool telemetry_suppressed() const noexcept { return node_->telemetry_suppressed; }

    context with_span(const span_context& span) const;
    context with_request_id(std::string id) const;
    context with_baggage(infra::baggage items) const;
    context with_trace_state(std::string state) const;
    context with_telemetry_suppressed() const;

    /// The same node, not merely equal contents.
    friend bool operator==(const context& a, const context& b) noexcept { return a.node_ == b.node_; }

private:
    friend class context_scope;
    friend class captured_context;
    friend class telemetry::span;
    explicit context(const detail::context_node* owned) noexcept : node_(owned) {}
    const detail::request_info& request() const noexcept;
    context with_request(detail::request_info changed) const;
    const detail::context_node* node_;
};

/// The active span without a reference count: for log lines and headers.
span_context current_span() noexcept;

/// Makes a context current until destroyed; then the one before is current again. It may live across co_await, in the
/// coroutine that made it. Scopes nest.
class context_scope {
public:
    explicit context_scope(context entered) noexcept
        : entry_(detail::slot_enter(std::exchange(entered.node_, &detail::empty_node))) {}
    ~context_scope() { detail::slot_leave(entry_); }
    context_scope(const context_scope&) = delete;
    context_scope& operator=(const context_scope&) = delete;

private:
    detail::slot_entry entry_;
};

/// What an executor keeps between the start of an operation and its completion: a context, or nothing at all.
/// Cheaper than optional<context>, and distinguishes "nothing captured" from "captured an empty context".
class captured_context {
public:
    captured_context() noexcept = default;
    captured_context(const captured_context& other) noexcept : node_(detail::retain(other.node_)) {}
    captured_context(captured_context&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    captured_context& operator=(captured_context other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~captured_context() { detail::release(node_); }

    static captured_context capture() noexcept;
    explicit operator bool() const noexcept { return node_ != nullptr; }

    /// Installs the context for one resumption. Unlike context_scope it always restores: what the resumed code left in
    /// the slot is its own and was captured by whatever it waits for now.
    class resumption {
    public:
        explicit resumption(captured_context c) noexcept
            : previous_(detail::slot_exchange(std::exchange(c.node_, nullptr))) {}
        ~resumption() { detail::release(detail::slot_exchange(previous_)); }
        resumption(const resumption&) = delete;
        resumption& operator=(const resumption&) = delete;

    private:
        const detail::context_node* previous_;
    };

private:
    const detail::context_node* node_ = nullptr;
};

} // namespace infra
