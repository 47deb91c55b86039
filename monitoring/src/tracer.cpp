#include "tracer_state.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::monitoring {
namespace detail {
namespace {

constinit std::atomic<tracer_state*> reached{nullptr};

void count_dropped() noexcept {
    static const telemetry::instrument of{.kind = telemetry::instrument_kind::counter,
                                          .name = "tracer_spans_dropped_total",
                                          .help = "Spans not recorded because too many were open or memory was short."};
    try {
        static const auto& dropped = *new telemetry::series(of);
        dropped.add();
    } catch (const std::bad_alloc&) { // nor is there memory to count it
    }
}

bool sample(infra::trace_id trace, const infra::span_context& parent, std::string_view, span_kind) noexcept {
    const auto* state = reached.load(std::memory_order_acquire);
    return state && state->sampler().samples(trace, parent);
}

void* start(std::string_view name, span_kind kind, const infra::span_context& self, infra::span_id parent,
            wall_time at) noexcept {
    auto* const state = reached.load(std::memory_order_acquire);
    try {
        if (auto* const made = state ? state->start(name, kind, self, parent, at) : nullptr)
            return made;
    } catch (const std::bad_alloc&) { // counted below
    }
    count_dropped();
    return nullptr;
}

// What a recording lacks for want of memory it lacks; the work it records goes on.
template <class F>
void quietly(F f) noexcept {
    try {
        f();
    } catch (const std::bad_alloc&) { // as above
    }
}

recording& of(void* r) noexcept { return *static_cast<recording*>(r); }

void set(void* r, std::span<const field> attributes) noexcept {
    quietly([&] { of(r).owner->set(of(r), attributes); });
}

void event(void* r, std::string_view name, std::span<const field> attributes, wall_time at) noexcept {
    quietly([&] { of(r).owner->event(of(r), name, attributes, at); });
}

void status(void* r, span_status s, std::string_view description) noexcept {
    quietly([&] {
        const std::scoped_lock lock(of(r).mutex);
        of(r).record.status = s;
        of(r).record.status_description = description;
    });
}

void rename(void* r, std::string_view name) noexcept {
    quietly([&] {
        const std::scoped_lock lock(of(r).mutex);
        of(r).record.name = name;
    });
}

void end(void* r, wall_time at) noexcept {
    quietly([&] { of(r).owner->end(&of(r), at); });
}

constexpr telemetry::tracer_functions functions{.sample = &sample,
                                                .start = &start,
                                                .set = &set,
                                                .event = &event,
                                                .status = &status,
                                                .rename = &rename,
                                                .end = &end};

json::value text(std::string_view t) {
    return encoding::is_utf8(t) ? json::value(t) : json::value(encoding::to_utf8(t));
}

} // namespace

json::value to_json(const field_value& value) {
    using kind = field_value::kind;
    switch (value.type()) {
    case kind::null: return nullptr;
    case kind::boolean: return value.boolean();
    case kind::signed_integer: return value.signed_integer();
    case kind::unsigned_integer: return value.unsigned_integer();
    case kind::floating: return value.floating();
    case kind::text: return text(value.text());
    case kind::json: return value.json();
    case kind::duration: return value.milliseconds();
    case kind::time: {
        const auto written = format_rfc3339(value.time());
        return json::value(std::string_view(written.data(), written.size()));
    }
    case kind::exception: return text(value.exception().what());
    case kind::error_code: return text(value.error_code().message());
    case kind::object: return value.to_json();
    }
    return nullptr;
}

tracer_state::tracer_state(tracer_options options) : options_(std::move(options)) {
    if (!(options_.sampler.ratio >= 0 && options_.sampler.ratio <= 1))
        throw std::invalid_argument("monitoring::sampler::ratio must be from 0 to 1");
}

recording* tracer_state::start(std::string_view name, span_kind kind, const infra::span_context& self,
                               infra::span_id parent, wall_time at) {
    auto made = std::make_unique<recording>();
    made->owner = this;
    made->record = {.context = self, .parent = parent, .name = std::string(name), .kind = kind, .start = at};
    auto* const address = made.get();
    const std::scoped_lock lock(open_mutex_);
    if (open_.size() >= options_.max_open || !open_.emplace(self.span.value, std::move(made)).second)
        return nullptr;
    return address;
}

std::size_t tracer_state::put(json::object& into, std::span<const field> attributes) const {
    std::size_t dropped = 0;
    for (const auto& [key, value] : attributes) {
        const bool known = into.contains(key);
        if (known || into.size() < options_.max_attributes)
            into.insert_or_assign(encoding::is_utf8(key) ? std::string(key) : encoding::to_utf8(key), to_json(value));
        else
            ++dropped;
    }
    return dropped;
}

void tracer_state::set(recording& r, std::span<const field> attributes) const {
    const std::scoped_lock lock(r.mutex);
    r.record.dropped_attributes += put(r.record.attributes, attributes);
}

void tracer_state::event(recording& r, std::string_view name, std::span<const field> attributes, wall_time at) const {
    const std::scoped_lock lock(r.mutex);
    if (r.record.events.size() >= options_.max_events) {
        ++r.record.dropped_events;
        return;
    }
    auto& made = r.record.events.emplace_back(std::string(name), at, json::object());
    put(made.attributes, attributes);
}

void tracer_state::end(recording* r, wall_time at) {
    std::unique_ptr<recording> ended;
    {
        const std::scoped_lock lock(open_mutex_);
        auto node = open_.extract(r->record.context.span.value); // the context never changes, so no lock on the record
        ended = std::move(node.mapped());
    }
    const std::scoped_lock lock(recent_mutex_);
    ended->record.end = at;
    recent_.push_back(std::move(ended->record));
    if (recent_.size() > options_.max_recent)
        recent_.pop_front();
}

bool tracer_state::set_open(infra::span_id id, std::span<const field> attributes) const {
    const std::scoped_lock lock(open_mutex_); // held, so that the span cannot end meanwhile
    const auto found = open_.find(id.value);
    if (found == open_.end())
        return false;
    set(*found->second, attributes);
    return true;
}

std::optional<span_record> tracer_state::open_span(infra::span_id id) const {
    const std::scoped_lock lock(open_mutex_);
    const auto found = open_.find(id.value);
    if (found == open_.end())
        return std::nullopt;
    const std::scoped_lock its_own(found->second->mutex);
    return found->second->record;
}

std::vector<span_record> tracer_state::recent(std::size_t at_most) const {
    const std::scoped_lock lock(recent_mutex_);
    const auto count = static_cast<std::ptrdiff_t>(std::min(at_most, recent_.size()));
    return {recent_.rbegin(), recent_.rbegin() + count};
}

void tracer_state::clear() {
    const std::scoped_lock lock(recent_mutex_);
    recent_.clear();
}

tracer_state* installed_tracer() noexcept { return reached.load(std::memory_order_acquire); }

void install(std::shared_ptr<tracer_state> state) noexcept {
    // Open spans point to the tracer that records them, so each one ever installed is kept.
    static std::mutex mutex;
    static auto& kept = *new std::vector<std::shared_ptr<tracer_state>>;
    const std::scoped_lock lock(mutex);
    reached.store(state.get(), std::memory_order_release);
    if (std::ranges::find(kept, state) == kept.end())
        kept.push_back(std::move(state));
    telemetry::install(&functions);
}

void uninstall(const tracer_state* state) noexcept {
    auto* expected = const_cast<tracer_state*>(state);
    if (reached.compare_exchange_strong(expected, nullptr))
        telemetry::install(static_cast<const telemetry::tracer_functions*>(nullptr));
}

} // namespace detail

tracer::tracer(tracer_options options) : state_(std::make_shared<detail::tracer_state>(std::move(options))) {}
tracer::~tracer() { detail::uninstall(state_.get()); }
void tracer::install() noexcept { detail::install(state_); }
std::vector<span_record> tracer::recent_spans(std::size_t at_most) const { return state_->recent(at_most); }
std::optional<span_record> tracer::open_span(infra::span_id id) const { return state_->open_span(id); }
void tracer::clear() { state_->clear(); }

} // namespace infra::monitoring
