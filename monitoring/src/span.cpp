#include "tracer_state.hpp"

#include <infra/monitoring.hpp>

#include <infra/base/context.hpp>
#include <infra/base/propagation.hpp>

#include <charconv>
#include <list>
#include <unordered_map>

namespace infra::monitoring {
namespace {

constexpr std::size_t max_open_by_id = 10'000;

template <std::size_t N>
std::string text(const std::array<char, N>& hex) {
    return {hex.data(), N};
}

std::optional<infra::span_id> parse_id(std::string_view id) noexcept {
    infra::span_id read;
    const auto [end, problem] = std::from_chars(id.data(), id.data() + id.size(), read.value, 16);
    if (id.size() != 16 || problem != std::errc{} || end != id.data() + id.size())
        return std::nullopt;
    return read;
}

// Spans that nobody holds but by their ids, the oldest first. Never destroyed: it outlives whoever forgets to end one.
class spans_by_id {
public:
    struct entry {
        std::string name;
        wall_time start{};
        std::unique_ptr<telemetry::span> open;
    };

    void add(entry e) {
        const auto id = e.open->context().span.value;
        std::unique_ptr<telemetry::span> forgotten; // ended outside of the lock
        const std::scoped_lock lock(mutex_);
        if (index_.size() >= max_open_by_id)
            forgotten = remove(order_.front().open->context().span.value);
        index_.emplace(id, order_.insert(order_.end(), std::move(e)));
    }

    std::unique_ptr<telemetry::span> take(infra::span_id id) {
        const std::scoped_lock lock(mutex_);
        return index_.contains(id.value) ? remove(id.value) : nullptr;
    }

    /// Name and start, also of a span that is not sampled.
    std::optional<std::pair<std::string, wall_time>> find(infra::span_id id) const {
        const std::scoped_lock lock(mutex_);
        const auto found = index_.find(id.value);
        if (found == index_.end())
            return std::nullopt;
        return std::pair(found->second->name, found->second->start);
    }

private:
    std::unique_ptr<telemetry::span> remove(std::uint64_t id) {
        const auto found = index_.find(id);
        auto open = std::move(found->second->open);
        order_.erase(found->second);
        index_.erase(found);
        return open;
    }

    mutable std::mutex mutex_;
    std::list<entry> order_;                                              // guarded by mutex_
    std::unordered_map<std::uint64_t, std::list<entry>::iterator> index_; // guarded by mutex_
};

spans_by_id& by_id() {
    static auto& one = *new spans_by_id;
    return one;
}

span_context describe(const infra::span_context& ids) {
    span_context out{.trace_id = text(to_hex(ids.trace)), .span_id = text(to_hex(ids.span)), .sampled = ids.sampled()};
    const auto* tracer = detail::installed_tracer();
    if (auto record = tracer ? tracer->open_span(ids.span) : std::nullopt) {
        if (record->parent)
            out.parent_span_id = text(to_hex(record->parent));
        out.name = std::move(record->name);
        out.start_time = record->start;
        out.attributes = std::move(record->attributes);
    } else if (auto known = by_id().find(ids.span)) {
        std::tie(out.name, out.start_time) = std::move(*known);
    }
    return out;
}

// What a thread forgets to end must not outlive it.
struct forgotten_context {
    ~forgotten_context() { infra::detail::release(infra::detail::slot_exchange(nullptr)); }
};

[[gnu::noinline]] void clean_up_at_thread_end() {
    thread_local const forgotten_context until_exit;
    static_cast<void>(until_exit);
}

// The first span makes the tracer that records it.
std::string_view traced(std::string_view name) {
    default_tracer();
    return name;
}

void describe(telemetry::span& span, const span_options& options) {
    if (!options.attributes.empty())
        span.set(options.attributes);
    for (const auto& each : options.links)
        span.link(each.context, each.attributes);
}

context under(const span_options& options) {
    if (options.traceparent.empty() && options.baggage.empty())
        return context::current();
    auto from = context::current();
    if (!options.traceparent.empty())
        from = from.with_span({}); // what is no traceparent starts a trace
    return extract({.traceparent = options.traceparent, .tracestate = options.tracestate, .baggage = options.baggage},
                   from);
}

} // namespace

span::span(std::string_view name, const span_options& options) : span_(traced(name), options.kind, under(options)) {
    describe(span_, options);
}

std::string span::id() const { return text(to_hex(context().span)); }
std::string span::trace_id() const { return text(to_hex(context().trace)); }

void span::fail(const std::exception& why) noexcept {
    span_.set({{"error", why}});
    span_.fail(why.what());
}

span_context start_span(std::string_view name, const span_options& options) {
    clean_up_at_thread_end();
    auto made = std::make_unique<telemetry::span>(traced(name), options.kind, under(options));
    describe(*made, options);
    const auto ids = made->context();
    by_id().add({std::string(name), real_clock().wall(), std::move(made)});
    return describe(ids);
}

bool end_span(std::string_view id) {
    const auto read = parse_id(id);
    return read && by_id().take(*read) != nullptr;
}

bool set_span_attributes(std::string_view id, fields attributes) {
    const auto read = parse_id(id);
    if (!read)
        return false;
    std::vector<field> storage;
    const auto* tracer = detail::installed_tracer();
    return (tracer && tracer->set_open(*read, attributes.view(storage))) || by_id().find(*read);
}

std::optional<span_context> get_active_span() {
    const auto active = current_span();
    return active.valid() ? std::optional(describe(active)) : std::nullopt;
}

} // namespace infra::monitoring
