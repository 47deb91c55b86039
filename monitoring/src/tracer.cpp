#include "tracer_state.hpp"

#include <infra/base/context.hpp>
#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::monitoring {
namespace detail {
namespace {

constinit std::atomic<tracer_state*> reached_tracer{nullptr};

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
    const auto* state = reached_tracer.load(std::memory_order_acquire);
    return state && state->samples(trace, parent);
}

void* start(std::string_view name, span_kind kind, const infra::span_context& self, infra::span_id parent,
            wall_time at) noexcept {
    auto* const state = reached_tracer.load(std::memory_order_acquire);
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

void link(void* r, const infra::span_context& to, std::span<const field> attributes) noexcept {
    quietly([&] { of(r).owner->link(of(r), to, attributes); });
}

void status(void* r, span_status s, std::string_view description) noexcept {
    quietly([&] { of(r).owner->status(of(r), s, description); });
}

void rename(void* r, std::string_view name) noexcept {
    quietly([&] { of(r).owner->rename(of(r), name); });
}

void remote_parent(void* r) noexcept {
    const std::scoped_lock lock(of(r).mutex);
    of(r).record.parent_remote = true;
}

void end(void* r, wall_time at) noexcept {
    quietly([&] { of(r).owner->end(&of(r), at); });
}

telemetry::tracer_functions tracer_functions_of(const tracer_state& of) noexcept {
    return {.sample = &sample,
            .start = &start,
            .set = &set,
            .event = &event,
            .status = &status,
            .rename = &rename,
            .end = &end,
            .link = &link,
            .remote_parent = &remote_parent,
            .follows_parent = of.follows_parent(),
            .samples_from = of.samples_from()};
}

// Strings inside of JSON as well.
void clean_all(json::value& value, std::size_t max_bytes) {
    if (auto* text = value.if_string())
        *text = clean(*text, max_bytes);
    if (auto* array = value.if_array())
        for (auto& each : *array)
            clean_all(each, max_bytes);
    if (auto* object = value.if_object()) {
        json::object made;
        for (auto& each : *object) {
            clean_all(each.value(), max_bytes);
            made.insert_or_assign(clean(each.key(), max_bytes), std::move(each.value()));
        }
        *object = std::move(made);
    }
}

json::value cleaned(json::value value, std::size_t max_bytes) {
    clean_all(value, max_bytes);
    return value;
}

} // namespace

std::string clean(std::string_view text, std::size_t max_bytes) {
    if (text.size() > max_bytes) {
        auto end = max_bytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) // not within a character
            --end;
        text = text.substr(0, end);
    }
    return encoding::is_utf8(text) ? std::string(text) : encoding::to_utf8(text);
}

json::value to_json(const field_value& value, std::size_t max_bytes) {
    using kind = field_value::kind;
    const auto text = [max_bytes](std::string_view t) { return json::value(clean(t, max_bytes)); };
    switch (value.type()) {
    case kind::null: return nullptr;
    case kind::boolean: return value.boolean();
    case kind::signed_integer: return value.signed_integer();
    case kind::unsigned_integer: return value.unsigned_integer();
    case kind::floating: return value.floating();
    case kind::text: return text(value.text());
    case kind::json: return cleaned(value.json(), max_bytes);
    case kind::duration: return value.milliseconds();
    case kind::time: {
        const auto written = format_rfc3339(value.time());
        return json::value(std::string_view(written.data(), written.size()));
    }
    case kind::exception: return text(value.exception().what());
    case kind::error_code: return text(value.error_code().message());
    case kind::object: return cleaned(value.to_json(), max_bytes);
    }
    return nullptr;
}

namespace {

tracer_options checked(tracer_options options) {
    if (!(options.sampler.ratio >= 0 && options.sampler.ratio <= 1))
        throw std::invalid_argument("monitoring::sampler::ratio must be from 0 to 1");
    if (options.max_value_bytes == 0)
        throw std::invalid_argument("monitoring::tracer_options::max_value_bytes must be at least 1");
    return options;
}

// Emptied, but with the memory it has.
void make_blank(span_record& r) {
    r.attributes.clear();
    r.events.clear();
    r.links.clear();
    r.trace_state.clear();
    r.status_description.clear();
    r.status = span_status::unset;
    r.parent_remote = false;
    r.dropped_attributes = r.dropped_events = r.dropped_links = 0;
}

} // namespace

tracer_state::tracer_state(tracer_options options)
    : options_(checked(std::move(options))),
      follows_parent_(options_.sampler.follows_parent),
      threshold_(options_.sampler.ratio > 0
                     ? static_cast<std::uint64_t>((1 - options_.sampler.ratio) * static_cast<double>(low_56_bits + 1))
                     : low_56_bits + 1),
      table_(tracer_functions_of(*this)) {}

std::shared_ptr<recording> tracer_state::take() {
    {
        const std::scoped_lock lock(recent_mutex_);
        if (!spare_.empty()) {
            auto used = std::move(spare_.back());
            spare_.pop_back();
            return used;
        }
    }
    return std::make_shared<recording>();
}

recording* tracer_state::start(std::string_view name, span_kind kind, const infra::span_context& self,
                               infra::span_id parent, wall_time at) {
    if (open_count_.fetch_add(1, std::memory_order_relaxed) >= options_.max_open) {
        open_count_.fetch_sub(1, std::memory_order_relaxed);
        return nullptr;
    }
    try {
        auto taken = take();
        auto& made = *taken;
        made.owner = this;
        made.record.context = self;
        made.record.parent = parent;
        made.record.kind = kind;
        made.record.start = at;
        if (name.size() <= options_.max_value_bytes && encoding::is_utf8(name))
            made.record.name = name;
        else
            made.record.name = clean(name, options_.max_value_bytes);
        if (const auto* node = infra::detail::slot_get(); node && node->request)
            made.record.trace_state = node->request->trace_state;
        made.self = std::move(taken);
        auto& in = row_of(self.span);
        const std::scoped_lock lock(in.mutex);
        made.next = std::exchange(in.first, &made);
        return &made;
    } catch (const std::bad_alloc&) {
        open_count_.fetch_sub(1, std::memory_order_relaxed);
        throw;
    }
}

std::size_t tracer_state::put(json::object& into, std::span<const field> attributes) const {
    std::size_t dropped = 0;
    for (const auto& [key, value] : attributes) {
        const bool known = into.contains(key);
        if (known || into.size() < options_.max_attributes)
            into.insert_or_assign(clean(key, options_.max_value_bytes), to_json(value, options_.max_value_bytes));
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
    auto& made = r.record.events.emplace_back(span_event{.name = clean(name, options_.max_value_bytes), .time = at});
    made.dropped_attributes = put(made.attributes, attributes);
}

void tracer_state::link(recording& r, const infra::span_context& to, std::span<const field> attributes) const {
    const std::scoped_lock lock(r.mutex);
    if (r.record.links.size() >= options_.max_links) {
        ++r.record.dropped_links;
        return;
    }
    auto& made = r.record.links.emplace_back(span_link{.context = to});
    made.dropped_attributes = put(made.attributes, attributes);
}

// As OpenTelemetry has it: ok is final, and only an error has a description.
void tracer_state::status(recording& r, span_status s, std::string_view description) const {
    const std::scoped_lock lock(r.mutex);
    if (r.record.status == span_status::ok)
        return;
    r.record.status = s;
    r.record.status_description =
        s == span_status::error ? clean(description, options_.max_value_bytes) : std::string();
}

void tracer_state::rename(recording& r, std::string_view name) const {
    const std::scoped_lock lock(r.mutex);
    r.record.name = clean(name, options_.max_value_bytes);
}

void tracer_state::end(recording* r, wall_time at) {
    {
        auto& in = row_of(r->record.context.span); // the context never changes, so no lock on the record
        const std::scoped_lock lock(in.mutex);
        auto** each = &in.first;
        while (*each != r)
            each = &(*each)->next;
        *each = r->next;
    }
    open_count_.fetch_sub(1, std::memory_order_relaxed);
    r->record.end = at;
    keep(std::move(r->self));
}

void tracer_state::keep(std::shared_ptr<recording> ended) {
    std::shared_ptr<span_sink> exporter;
    std::shared_ptr<const sink_list> onlookers;
    if (has_sink_.load(std::memory_order_acquire)) {
        ended->sent = true;
        const std::scoped_lock lock(recent_mutex_);
        exporter = exporter_;
        onlookers = onlookers_;
    }
    const auto sent = exporter || onlookers ? ended : nullptr;
    {
        const std::scoped_lock lock(recent_mutex_);
        if (recent_.size() < options_.max_recent) {
            recent_.push_back(std::move(ended));
        } else {
            if (!recent_.empty()) {
                std::swap(recent_[oldest_], ended);
                oldest_ = (oldest_ + 1) % recent_.size();
            }
            if (!ended->sent && spare_.size() < 64) {
                make_blank(ended->record);
                spare_.push_back(std::move(ended));
            }
        }
    }
    if (exporter)
        exporter->ended({sent, &sent->record});
    if (onlookers)
        for (const auto& each : *onlookers)
            each->ended({sent, &sent->record});
}

recording* tracer_state::find(const row& in, infra::span_id id) noexcept {
    auto* each = in.first;
    while (each && each->record.context.span != id)
        each = each->next;
    return each;
}

bool tracer_state::set_open(infra::span_id id, std::span<const field> attributes) const {
    const auto& in = row_of(id);
    const std::scoped_lock lock(in.mutex); // held, so that the span cannot end meanwhile
    auto* const found = find(in, id);
    if (found)
        set(*found, attributes);
    return found;
}

std::optional<span_record> tracer_state::open_span(infra::span_id id) const {
    const auto& in = row_of(id);
    const std::scoped_lock lock(in.mutex);
    auto* const found = find(in, id);
    if (!found)
        return std::nullopt;
    const std::scoped_lock its_own(found->mutex);
    return found->record;
}

std::vector<span_record> tracer_state::open_spans(std::optional<infra::trace_id> of, std::size_t at_most) const {
    std::vector<span_record> out;
    for (const auto& in : open_) {
        const std::scoped_lock lock(in.mutex);
        for (auto* each = in.first; each && out.size() < at_most; each = each->next) {
            if (of && each->record.context.trace != *of) // the context never changes, so no lock on the record
                continue;
            const std::scoped_lock its_own(each->mutex);
            out.push_back(each->record);
        }
    }
    return out;
}

std::vector<span_record> tracer_state::recent(std::size_t at_most) const {
    const std::scoped_lock lock(recent_mutex_);
    std::vector<span_record> out;
    const auto size = recent_.size();
    for (std::size_t i = 0; i < std::min(at_most, size); ++i)
        out.push_back(recent_[(oldest_ + size - 1 - i) % size]->record);
    return out;
}

void tracer_state::clear() {
    const std::scoped_lock lock(recent_mutex_);
    recent_.clear();
    oldest_ = 0;
}

void tracer_state::send_to(std::shared_ptr<span_sink> to) noexcept {
    const std::scoped_lock lock(recent_mutex_);
    exporter_.swap(to); // the one before is let go once the lock is
    has_sink_.store(exporter_ || onlookers_, std::memory_order_release);
}

void tracer_state::add_sink(std::shared_ptr<span_sink> to) {
    const std::scoped_lock lock(recent_mutex_);
    auto more = onlookers_ ? *onlookers_ : sink_list();
    more.push_back(std::move(to));
    look_on(std::make_shared<const sink_list>(std::move(more)));
}

void tracer_state::remove_sink(const std::shared_ptr<span_sink>& from) {
    const std::scoped_lock lock(recent_mutex_);
    if (!onlookers_)
        return;
    auto fewer = *onlookers_;
    std::erase(fewer, from);
    look_on(fewer.empty() ? nullptr : std::make_shared<const sink_list>(std::move(fewer)));
}

void tracer_state::look_on(std::shared_ptr<const sink_list> changed) noexcept {
    onlookers_ = std::move(changed);
    has_sink_.store(exporter_ || onlookers_, std::memory_order_release);
}

tracer_state* installed_tracer() noexcept { return reached_tracer.load(std::memory_order_acquire); }

void install(std::shared_ptr<tracer_state> state) noexcept {
    // Open spans point to the tracer that records them and to its table, so each one ever installed is kept.
    static std::mutex mutex;
    static auto& kept = *new std::vector<std::shared_ptr<tracer_state>>;
    const std::scoped_lock lock(mutex);
    const auto& table = state->table();
    reached_tracer.store(state.get(), std::memory_order_release);
    if (std::ranges::find(kept, state) == kept.end())
        kept.push_back(std::move(state));
    telemetry::install(&table);
}

void uninstall(const tracer_state* state) noexcept {
    auto* expected = const_cast<tracer_state*>(state);
    if (reached_tracer.compare_exchange_strong(expected, nullptr))
        telemetry::install(static_cast<const telemetry::tracer_functions*>(nullptr));
}

} // namespace detail

tracer::tracer(tracer_options options) : state_(std::make_shared<detail::tracer_state>(std::move(options))) {}
tracer::~tracer() { detail::uninstall(state_.get()); }
void tracer::install() noexcept { detail::install(state_); }
std::vector<span_record> tracer::recent_spans(std::size_t at_most) const { return state_->recent(at_most); }
std::optional<span_record> tracer::open_span(infra::span_id id) const { return state_->open_span(id); }
std::vector<span_record> tracer::open_spans(std::optional<infra::trace_id> of, std::size_t at_most) const {
    return state_->open_spans(of, at_most);
}
void tracer::clear() { state_->clear(); }
void tracer::send_to(std::shared_ptr<span_sink> to) noexcept { state_->send_to(std::move(to)); }
void tracer::add_sink(std::shared_ptr<span_sink> to) { state_->add_sink(std::move(to)); }
void tracer::remove_sink(const std::shared_ptr<span_sink>& from) { state_->remove_sink(from); }

} // namespace infra::monitoring
