#pragma once

// The spans a tracer records: the open ones by id, the ended ones in a ring.

#include <infra/monitoring/tracer.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace infra::monitoring::detail {

class tracer_state;

/// What telemetry's table hands around as void*.
struct recording {
    tracer_state* owner;
    std::mutex mutex;
    span_record record; // guarded by mutex
};

class tracer_state {
public:
    explicit tracer_state(tracer_options options);

    const monitoring::sampler& sampler() const noexcept { return options_.sampler; }

    recording* start(std::string_view name, span_kind kind, const infra::span_context& self, infra::span_id parent,
                     wall_time at);
    void set(recording& r, std::span<const field> attributes) const;
    void event(recording& r, std::string_view name, std::span<const field> attributes, wall_time at) const;
    void end(recording* r, wall_time at);

    /// False if no such span is open here.
    bool set_open(infra::span_id id, std::span<const field> attributes) const;
    std::optional<span_record> open_span(infra::span_id id) const;

    std::vector<span_record> recent(std::size_t at_most) const;
    void clear();

private:
    std::size_t put(json::object& into, std::span<const field> attributes) const;

    const tracer_options options_;
    mutable std::mutex open_mutex_;
    std::unordered_map<std::uint64_t, std::unique_ptr<recording>> open_; // guarded by open_mutex_
    mutable std::mutex recent_mutex_;
    std::deque<span_record> recent_; // guarded by recent_mutex_; the newest at the back
};

/// The one that records, or null.
tracer_state* installed_tracer() noexcept;
void install(std::shared_ptr<tracer_state> state) noexcept;
void uninstall(const tracer_state* state) noexcept;

/// A field's value as JSON.
json::value to_json(const field_value& value);

} // namespace infra::monitoring::detail
