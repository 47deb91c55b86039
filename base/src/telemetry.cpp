#include <infra/base/telemetry.hpp>

#include <infra/base/clock.hpp>

#include "random_words.hpp"
#include "span_nodes.hpp"

#include <array>
#include <bit>
#include <mutex>
#include <new>
#include <vector>

namespace infra {

std::string_view to_string(level l) noexcept {
    static constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
    return names[static_cast<std::size_t>(l)];
}

namespace telemetry {
namespace {

constinit std::atomic<const log_functions*> logs{nullptr};
constinit std::atomic<const tracer_functions*> tracer{nullptr};

// A series keeps what bind() gave it. The table alone would not tell whether that is still valid, since the same table
// may be installed again over other metrics; so each installation has a number.
constinit std::atomic<const meter_functions*> meter{nullptr};
constinit std::atomic<std::uint64_t> meter_number{0};
constinit std::mutex installing;

struct installed_meter {
    const meter_functions* table = nullptr;
    std::uint64_t number = 0;
};

// A table and its own number, never one with another's: nobody, for the moment in which it is replaced.
installed_meter current_meter() noexcept {
    const auto number = meter_number.load(std::memory_order_acquire);
    const auto* table = meter.load(std::memory_order_acquire);
    if (meter_number.load(std::memory_order_relaxed) != number)
        return {};
    return {table, number};
}

bool suppressed() noexcept {
    const auto* node = detail::slot_get();
    return node && node->telemetry_suppressed;
}

} // namespace

void install(const log_functions* table) noexcept { logs.store(table, std::memory_order_release); }
void install(const tracer_functions* table) noexcept { tracer.store(table, std::memory_order_release); }
void install(const meter_functions* table) noexcept {
    const std::scoped_lock lock(installing);
    meter.store(nullptr, std::memory_order_release);
    meter_number.fetch_add(1, std::memory_order_acq_rel);
    meter.store(table, std::memory_order_release);
}

bool log_enabled(level l, std::string_view module) noexcept {
    const auto* table = logs.load(std::memory_order_acquire);
    return table && table->enabled(l, module) && !suppressed();
}

void log(level l, std::string_view module, std::string_view message, std::initializer_list<field> fields,
         std::source_location where) noexcept {
    log(l, module, message, std::span(fields.begin(), fields.size()), where);
}

void log(level l, std::string_view module, std::string_view message, std::span<const field> fields,
         std::source_location where) noexcept {
    const auto* table = logs.load(std::memory_order_acquire);
    if (!table || !table->enabled(l, module) || suppressed())
        return;
    table->write({.time = real_clock().wall(),
                  .severity = l,
                  .module = module,
                  .message = message,
                  .fields = fields,
                  .span = current_span(),
                  .where = where});
}

struct series::state {
    const instrument* of;
    std::vector<std::pair<std::string, std::string>> labels;
    std::mutex binding;
    std::atomic<std::uint64_t> bound_to{0}; // 0 while `target` changes
    std::atomic<void*> target{nullptr};

    // Null when refused. Binds once after each installation.
    void* find(const installed_meter& in) noexcept {
        const auto bound = bound_to.load(std::memory_order_acquire);
        auto* const found = target.load(std::memory_order_acquire);
        if (bound == in.number && bound_to.load(std::memory_order_relaxed) == bound)
            return found;
        return bind(in);
    }

    [[gnu::noinline]] void* bind(const installed_meter& in) noexcept {
        const std::scoped_lock lock(binding);
        const auto bound = bound_to.load(std::memory_order_relaxed);
        if (bound == in.number)
            return target.load(std::memory_order_relaxed); // another thread was first
        if (bound > in.number)
            return nullptr; // `in` has been replaced meanwhile
        std::vector<label> views;
        for (const auto& [name, value] : labels)
            views.push_back({name, value});
        bound_to.store(0, std::memory_order_relaxed);
        target.store(in.table->bind(*of, views), std::memory_order_release);
        bound_to.store(in.number, std::memory_order_release);
        return target.load(std::memory_order_relaxed);
    }
};

series::series(const instrument& of, std::initializer_list<label> labels)
    : series(of, std::span(labels.begin(), labels.size())) {}

series::series(const instrument& of, std::span<const label> labels) : state_(std::make_shared<state>()) {
    state_->of = &of;
    for (const auto& each : labels)
        state_->labels.emplace_back(each.name, each.value);
}

void series::add(double amount) const noexcept {
    const auto in = current_meter();
    if (!in.table || !state_ || suppressed())
        return;
    if (void* target = state_->find(in))
        in.table->add(target, amount);
}

void series::record(double value) const noexcept {
    const auto in = current_meter();
    if (!in.table || !state_ || suppressed())
        return;
    if (void* target = state_->find(in))
        in.table->record(target, value);
}

namespace {

bool leaves_out_root(const tracer_functions* table, trace_id trace) noexcept {
    constexpr std::uint64_t low_56_bits = (std::uint64_t(1) << 56) - 1;
    return !table || (trace.low & low_56_bits) < table->samples_from;
}

bool sampled_by(const tracer_functions& t, trace_id trace, const span_context& parent, std::string_view name,
                span_kind kind) noexcept {
    if (parent.valid() && t.follows_parent)
        return parent.sampled();
    return (parent.valid() || !leaves_out_root(&t, trace)) && t.sample(trace, parent, name, kind);
}

// Null under suppression; then the flags stay the parent's.
const tracer_functions* decide(span_context& self, const span_context& parent, bool suppressed, std::string_view name,
                               span_kind kind) noexcept {
    const auto* table = suppressed ? nullptr : tracer.load(std::memory_order_acquire);
    if (table)
        self.flags = static_cast<std::uint8_t>((self.flags & ~span_context::sampled_flag) |
                                               (sampled_by(*table, self.trace, parent, name, kind) ? 1 : 0));
    return table;
}

// The ids of a span that is not sampled are made too: log lines and requests carry them.
span_context child_of(const span_context& parent, std::uint64_t random) noexcept {
    return {parent.trace, {random | 1}, parent.flags};
}

// A root's own id is made of its trace's, and as random as that.
span_context new_root(infra::detail::random_state& random) noexcept {
    const auto high = next_word(random), low = next_word(random);
    return {{high, low | 1}, {(high ^ std::rotl(low, 32)) | 1}, span_context::random_flag};
}

// Inlined, so that what it gives stays in registers: to read back from memory at once what was written there piece by
// piece costs more than making it.
[[gnu::always_inline]] inline span_context ids_below(const span_context& parent) {
    auto& random = infra::detail::my_random;
    if (!is_seeded(random))
        seed(random);
    return parent.valid() ? child_of(parent, next_word(random)) : new_root(random);
}

constexpr span_context no_parent{};

const span_context& span_of(const infra::detail::context_node* node) noexcept { return node ? node->span : no_parent; }

// A span below one that is not sampled isn't either, whatever its name.
bool leaves_out_below(const tracer_functions* table, const span_context& parent) noexcept {
    return !parent.sampled() && (!table || table->follows_parent);
}

} // namespace

[[gnu::always_inline]] inline void span::enter(infra::detail::context_node* fresh,
                                               const infra::detail::context_node* current, span_context self) noexcept {
    scope_ = infra::detail::enter_span(fresh, current, self);
    self_ = self;
}

[[gnu::always_inline]] inline void span::begin_below(const infra::detail::context_node* current, span_context self,
                                                     std::string_view name, span_kind kind) {
    const auto& parent = span_of(current);
    const auto* const table = decide(self, parent, current && current->telemetry_suppressed, name, kind);
    enter(infra::detail::take_node(), current, self);
    if (table && self.sampled())
        start(*table, name, kind, parent);
}

// Of most traces most spans are not sampled, and what they cost is what tracing costs: they are made without a call. What
// is rare stands in functions of its own that are called last, so that the usual way saves no register.
[[gnu::always_inline]] inline void span::begin_here(std::string_view name, span_kind kind) {
    using namespace infra::detail;
    const auto* const node = slot;
    const bool is_prepared = is_seeded(my_random) && has_node();
    if (!is_prepared || (node && node->below.load(std::memory_order_acquire))) [[unlikely]]
        return begin(name, kind);
    const auto* const table = tracer.load(std::memory_order_acquire);
    if (!node || !node->span.valid())
        return begin_root(table, name, kind);
    if (!leaves_out_below(table, node->span))
        return begin(name, kind);
    enter(pooled_node(), node, child_of(node->span, next_word(my_random)));
}

// Not inlined, nor are those below, end() and the destructor: the slot is this thread's, and the caller may be a coroutine.
[[gnu::noinline]] span::span(std::string_view name, span_kind kind) { begin_here(name, kind); }

[[gnu::noinline]] void span::begin_root(const tracer_functions* table, std::string_view name, span_kind kind) {
    const auto self = new_root(infra::detail::my_random);
    if (!leaves_out_root(table, self.trace))
        return begin_root_with(self.trace, self.span, name, kind);
    enter(infra::detail::pooled_node(), infra::detail::slot, self);
}

[[gnu::noinline]] void span::begin(std::string_view name, span_kind kind) {
    const auto* const node = infra::detail::slot_get_here();
    begin_below(node, ids_below(span_of(node)), name, kind);
}

[[gnu::noinline]] void span::begin_root_with(trace_id trace, span_id id, std::string_view name, span_kind kind) {
    begin_below(infra::detail::slot, {trace, id, span_context::random_flag}, name, kind);
}

span::span(std::string_view name, span_kind kind, const span_context& parent) {
    begin_in(infra::context::current(), name, kind, parent);
}

span::span(std::string_view name, span_kind kind, const span_context& parent, std::string request_id) {
    begin_in(infra::context::current().with_request_id(std::move(request_id)), name, kind, parent);
}

span::span(std::string_view name, span_kind kind, const infra::context& under) {
    begin_in(under, name, kind, under.span());
}

void span::begin_in(infra::context under, std::string_view name, span_kind kind, const span_context& parent) {
    self_ = ids_below(parent);
    const auto* const table = decide(self_, parent, under.telemetry_suppressed(), name, kind);
    if (!under.trace_state().empty() && under.span().trace != self_.trace)
        under = under.with_trace_state({}); // that of another trace
    auto own = under.with_span(self_);
    scope_ = infra::detail::slot_enter(std::exchange(own.node_, &infra::detail::empty_node));
    if (table && self_.sampled())
        start(*table, name, kind, parent);
}

[[gnu::noinline]] void span::start(const tracer_functions& table, std::string_view name, span_kind kind,
                                   const span_context& parent) noexcept {
    tracer_ = &table;
    recording_ = tracer_->start(name, kind, self_, parent.valid() ? parent.span : span_id{}, real_clock().wall());
    if (recording_ && parent.remote && tracer_->remote_parent)
        tracer_->remote_parent(recording_);
}

[[gnu::noinline]] span::~span() {
    if (scope_.entered && !recording_) [[likely]]
        infra::detail::leave_span(scope_);
    else
        end();
}

void span::set(fields attributes) noexcept {
    if (!recording_)
        return;
    try {
        std::vector<field> storage;
        tracer_->set(recording_, attributes.view(storage));
    } catch (const std::bad_alloc&) { // the members of an object could not be listed: the span goes on without them
    }
}

void span::event(std::string_view name, fields attributes) noexcept {
    if (!recording_)
        return;
    try {
        std::vector<field> storage;
        tracer_->event(recording_, name, attributes.view(storage), real_clock().wall());
    } catch (const std::bad_alloc&) { // as above
    }
}

void span::link(const span_context& to, fields attributes) noexcept {
    if (!recording_ || !tracer_->link)
        return;
    try {
        std::vector<field> storage;
        tracer_->link(recording_, to, attributes.view(storage));
    } catch (const std::bad_alloc&) { // as above
    }
}

void span::succeed() noexcept {
    if (recording_)
        tracer_->status(recording_, span_status::ok, {});
}

void span::fail(std::string_view description) noexcept {
    if (recording_)
        tracer_->status(recording_, span_status::error, description);
}

void span::rename(std::string_view name) noexcept {
    if (recording_)
        tracer_->rename(recording_, name);
}

[[gnu::noinline]] void span::end() noexcept {
    if (recording_) [[unlikely]]
        tracer_->end(std::exchange(recording_, nullptr), real_clock().wall());
    if (scope_.entered)
        infra::detail::leave_span(std::exchange(scope_, {}));
}

} // namespace telemetry
} // namespace infra
