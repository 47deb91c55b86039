#include <infra/base/context.hpp>

#include "span_nodes.hpp"

#include <array>

namespace infra {
namespace detail {

constinit thread_local const context_node* slot = nullptr;
constinit thread_local node_pool pool{};
const context_node empty_node{};

[[gnu::noinline]] context_node* make_node() {
    auto* made = new context_node;
    made->references.store(2, std::memory_order_relaxed);
    return made;
}

namespace {

struct pool_owner {
    ~pool_owner() {
        pool.room = 0;
        while (pool.size > 0)
            delete pool.nodes[--pool.size];
    }
};

[[gnu::noinline]] void open_pool() noexcept {
    thread_local const pool_owner until_exit;
    static_cast<void>(until_exit);
    pool.room = node_pool::most;
}

constinit thread_local bool pool_was_opened = false;

// A copy to be changed before it is published.
context_node* copy(const context_node& from) {
    auto* node = take_node();
    node->references.store(1, std::memory_order_relaxed);
    node->span = from.span;
    node->request = from.request;
    node->owner = from.owner;
    node->telemetry_suppressed = from.telemetry_suppressed;
    return node;
}

// One reference more for whoever holds one; while it is the only one, nobody else can be counting.
void retain_ours(const context_node* node) noexcept {
    if (node == &empty_node)
        return;
    if (node->references.load(std::memory_order_relaxed) == 1)
        node->references.store(2, std::memory_order_relaxed);
    else
        node->references.fetch_add(1, std::memory_order_relaxed);
}

// The slot's reference and our own.
void release_both(const context_node* node) noexcept {
    if (node == &empty_node)
        return;
    if (node->references.load(std::memory_order_acquire) == 2 ||
        node->references.fetch_sub(2, std::memory_order_acq_rel) == 2)
        recycle(node);
}

slot_entry enter(const context_node* owned) noexcept {
    retain_ours(owned);
    return {owned, std::exchange(slot, owned)};
}

[[gnu::noinline]] void skip_left() noexcept {
    while (slot) {
        const auto* below = slot->below.load(std::memory_order_acquire);
        if (!below)
            return;
        retain(below);
        release(std::exchange(slot, below));
    }
}

} // namespace

[[gnu::noinline]] void recycle(const context_node* done) noexcept {
    auto* node = const_cast<context_node*>(done); // made by take_node, and nobody else's any more
    if (!pool_was_opened) {
        pool_was_opened = true;
        open_pool();
    }
    while (node) {
        const auto* below = node->below.load(std::memory_order_relaxed);
        node->below.store(nullptr, std::memory_order_relaxed);
        node->owner.reset();
        node->references.store(2, std::memory_order_relaxed);
        if (!pool_takes(node))
            delete node;
        // Below may be a long row of spans that were all left: no recursion.
        node = below && below != &empty_node && below->references.fetch_sub(1, std::memory_order_acq_rel) == 1
                   ? const_cast<context_node*>(below)
                   : nullptr;
    }
}

[[gnu::noinline]] const context_node* slot_get() noexcept {
    if (slot && slot->below.load(std::memory_order_acquire)) [[unlikely]]
        skip_left();
    return slot;
}

[[gnu::noinline]] const context_node* slot_exchange(const context_node* node) noexcept {
    return std::exchange(slot, node);
}

[[gnu::noinline]] slot_entry slot_enter(const context_node* owned) noexcept { return enter(owned); }

void own_request(const context_node* node) noexcept { node->owner = node->request->shared_from_this(); }

[[gnu::noinline]] void slot_leave(slot_entry entry) noexcept {
    if (slot == entry.entered) {
        slot = entry.previous;
        return release_both(entry.entered);
    }
    // Whoever replaced us has our place now: a scope that outlives its coroutine's turn must not push its past onto
    // another's slot.
    release(entry.previous);
    release(entry.entered);
}

[[gnu::noinline]] void leave_captured_span(const context_node* node) noexcept { release_both(node); }

// Something else is current: the span's node stays where it is, in some coroutine's past or another thread's slot; from
// there it leads on to the one below.
[[gnu::noinline]] void leave_span_out_of_order(slot_entry entry) noexcept {
    const auto* const node = entry.entered;
    node->below.store(entry.previous ? entry.previous : &empty_node, std::memory_order_release);
    release(node);
}

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

void write_hex(std::uint64_t value, char* to) noexcept {
    for (int i = 15; i >= 0; --i, value >>= 4)
        to[i] = hex_digits[value & 15];
}

// Lower case only, as the specification wants; -1 for anything else.
constexpr int digit(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::uint64_t> read_hex(std::string_view text) noexcept {
    std::uint64_t value = 0;
    for (const char c : text) {
        if (digit(c) < 0)
            return std::nullopt;
        value = value << 4 | static_cast<std::uint64_t>(digit(c));
    }
    return value;
}

} // namespace
} // namespace detail

std::array<char, 32> to_hex(trace_id id) noexcept {
    std::array<char, 32> text;
    detail::write_hex(id.high, text.data());
    detail::write_hex(id.low, text.data() + 16);
    return text;
}

std::array<char, 16> to_hex(span_id id) noexcept {
    std::array<char, 16> text;
    detail::write_hex(id.value, text.data());
    return text;
}

std::optional<span_context> parse_traceparent(std::string_view text) noexcept {
    constexpr std::size_t length = 55; // 2 + 1 + 32 + 1 + 16 + 1 + 2
    if (text.size() < length || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return std::nullopt;
    const auto version = detail::read_hex(text.substr(0, 2));
    if (!version || *version == 0xff || (*version == 0 && text.size() != length))
        return std::nullopt;
    if (text.size() > length && text[length] != '-')
        return std::nullopt;
    const auto high = detail::read_hex(text.substr(3, 16)), low = detail::read_hex(text.substr(19, 16));
    const auto span = detail::read_hex(text.substr(36, 16)), flags = detail::read_hex(text.substr(53, 2));
    if (!high || !low || !span || !flags)
        return std::nullopt;
    constexpr std::uint64_t known = span_context::sampled_flag | span_context::random_flag;
    const span_context read{{*high, *low}, {*span}, static_cast<std::uint8_t>(*flags & known), true};
    return read.valid() ? std::optional(read) : std::nullopt;
}

std::string format_traceparent(const span_context& span) {
    std::string text;
    text.reserve(55);
    text = "00-";
    const auto trace = to_hex(span.trace);
    const auto id = to_hex(span.span);
    text.append(trace.data(), trace.size()).append("-").append(id.data(), id.size()).append("-");
    text += detail::hex_digits[span.flags >> 4];
    text += detail::hex_digits[span.flags & 15];
    return text;
}

context context::current() noexcept {
    const auto* node = detail::slot_get();
    return node ? context(detail::retain(node)) : context();
}

span_context current_span() noexcept {
    const auto* node = detail::slot_get();
    return node ? node->span : span_context{};
}

const detail::request_info& context::request() const noexcept {
    static const auto& none = *new detail::request_info;
    return node_->request ? *node_->request : none;
}

std::string_view context::request_id() const noexcept { return request().request_id; }
const baggage& context::baggage() const noexcept { return request().items; }
std::string_view context::trace_state() const noexcept { return request().trace_state; }

context context::with_span(const span_context& span) const {
    auto* node = detail::copy(*node_);
    node->span = span;
    return context(node);
}

context context::with_request(detail::request_info changed) const {
    auto owner = std::make_shared<const detail::request_info>(std::move(changed));
    auto* node = detail::copy(*node_);
    node->request = owner.get();
    node->owner = std::move(owner);
    return context(node);
}

context context::with_request_id(std::string id) const {
    auto changed = request();
    changed.request_id = std::move(id);
    return with_request(std::move(changed));
}

context context::with_baggage(infra::baggage items) const {
    auto changed = request();
    changed.items = std::move(items);
    return with_request(std::move(changed));
}

context context::with_trace_state(std::string state) const {
    auto changed = request();
    changed.trace_state = std::move(state);
    return with_request(std::move(changed));
}

context context::with_telemetry_suppressed() const {
    auto* node = detail::copy(*node_);
    node->telemetry_suppressed = true;
    return context(node);
}

captured_context captured_context::capture() noexcept {
    captured_context captured;
    const auto* node = detail::slot_get();
    captured.node_ = node ? detail::retain(node) : &detail::empty_node;
    return captured;
}

} // namespace infra
