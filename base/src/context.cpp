#include <infra/base/context.hpp>

namespace infra {
namespace detail {
namespace {

constinit thread_local const context_node* slot = nullptr;

} // namespace

const context_node empty_node{};

[[gnu::noinline]] const context_node* slot_get() noexcept { return slot; }

[[gnu::noinline]] const context_node* slot_exchange(const context_node* node) noexcept {
    return std::exchange(slot, node);
}

namespace {

// A copy to be changed before it is published.
context_node* copy(const context_node& from) {
    auto* node = new context_node;
    node->span = from.span;
    node->request = from.request;
    node->telemetry_suppressed = from.telemetry_suppressed;
    return node;
}

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
    const span_context read{{*high, *low}, {*span}, static_cast<std::uint8_t>(*flags & known)};
    return read.valid() ? std::optional(read) : std::nullopt;
}

std::string format_traceparent(const span_context& span) {
    std::string text = "00-";
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

std::string_view context::request_id() const noexcept {
    return node_->request ? std::string_view(node_->request->request_id) : std::string_view();
}

const baggage& context::baggage() const noexcept {
    static const infra::baggage none;
    return node_->request ? node_->request->items : none;
}

context context::with_span(const span_context& span) const {
    auto* node = detail::copy(*node_);
    node->span = span;
    return context(node);
}

context context::with_request_id(std::string id) const {
    auto request = std::make_shared<const detail::request_info>(std::move(id), baggage());
    auto* node = detail::copy(*node_);
    node->request = std::move(request);
    return context(node);
}

context context::with_baggage(infra::baggage items) const {
    auto request = std::make_shared<const detail::request_info>(std::string(request_id()), std::move(items));
    auto* node = detail::copy(*node_);
    node->request = std::move(request);
    return context(node);
}

context context::with_telemetry_suppressed() const {
    auto* node = detail::copy(*node_);
    node->telemetry_suppressed = true;
    return context(node);
}

// Only if nobody replaced us: a scope that outlives its coroutine's turn must not push its past onto another's slot.
context_scope::~context_scope() {
    if (detail::slot_get() == entered_)
        detail::release(detail::slot_exchange(previous_));
    else
        detail::release(previous_);
    detail::release(entered_);
}

captured_context captured_context::capture() noexcept {
    captured_context captured;
    const auto* node = detail::slot_get();
    captured.node_ = node ? detail::retain(node) : &detail::empty_node;
    return captured;
}

} // namespace infra
