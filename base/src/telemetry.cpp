#include <infra/base/telemetry.hpp>

#include <infra/base/clock.hpp>
#include <infra/base/id.hpp>

#include <array>
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

span::span(std::string_view name, span_kind kind) {
    const auto* node = infra::detail::slot_get();
    const auto parent = node ? node->span : span_context{};
    sample(name, kind, parent, node && node->telemetry_suppressed);
    scope_ = infra::detail::slot_enter_span(node, self_);
    if (tracer_ && self_.sampled())
        start(name, kind, parent);
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
    sample(name, kind, parent, under.telemetry_suppressed());
    if (!under.trace_state().empty() && under.span().trace != self_.trace)
        under = under.with_trace_state({}); // that of another trace
    auto own = under.with_span(self_);
    scope_ = infra::detail::slot_enter(std::exchange(own.node_, &infra::detail::empty_node));
    if (tracer_ && self_.sampled())
        start(name, kind, parent);
}

void span::sample(std::string_view name, span_kind kind, const span_context& parent, bool suppressed) {
    if (parent.valid()) {
        self_ = {parent.trace, {random_u64() | 1}, parent.flags};
    } else {
        std::array<std::uint64_t, 3> random;
        random_u64s(random);
        self_ = {{random[0], random[1] | 1}, {random[2] | 1}, span_context::random_flag};
    }
    tracer_ = suppressed ? nullptr : tracer.load(std::memory_order_acquire);
    if (!tracer_)
        return;
    const bool sampled = tracer_->sample(self_.trace, parent, name, kind);
    self_.flags = static_cast<std::uint8_t>((self_.flags & ~span_context::sampled_flag) |
                                            (sampled ? span_context::sampled_flag : 0));
}

void span::start(std::string_view name, span_kind kind, const span_context& parent) noexcept {
    recording_ = tracer_->start(name, kind, self_, parent.valid() ? parent.span : span_id{}, real_clock().wall());
    if (recording_ && parent.remote && tracer_->remote_parent)
        tracer_->remote_parent(recording_);
}

span::~span() { end(); }

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

void span::end() noexcept {
    if (recording_)
        tracer_->end(std::exchange(recording_, nullptr), real_clock().wall());
    if (scope_.entered)
        infra::detail::slot_leave_span(std::exchange(scope_, {}));
}

} // namespace telemetry
} // namespace infra
