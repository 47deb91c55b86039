#pragma once

// The spans a tracer records: the open ones by id, the ended ones in a ring. What falls out of the ring is used again, so
// that a span costs no allocation once the ring is full.

#include <infra/monitoring/tracer.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace infra::monitoring::detail {

class tracer_state;

/// What telemetry's table hands around as void*.
struct recording {
    tracer_state* owner = nullptr;
    std::mutex mutex;
    span_record record;              // guarded by mutex while open
    recording* next = nullptr;       // in its row; guarded by the row's mutex
    std::shared_ptr<recording> self; // while it is open
    bool sent = false;               // somebody else may hold it for ever
};

class tracer_state {
public:
    explicit tracer_state(tracer_options options);

    bool follows_parent() const noexcept { return follows_parent_; }

    /// The first of the low 56 bits of a root's trace id with which it is sampled; later than all where none is.
    std::uint64_t samples_from() const noexcept { return threshold_; }

    const telemetry::tracer_functions& table() const noexcept { return table_; }

    /// Of sampler, but decided beforehand as far as can be.
    bool samples(infra::trace_id trace, const infra::span_context& parent) const noexcept {
        if (follows_parent_ && parent.valid())
            return parent.sampled();
        return (trace.low & low_56_bits) >= threshold_;
    }

    recording* start(std::string_view name, span_kind kind, const infra::span_context& self, infra::span_id parent,
                     wall_time at);
    void set(recording& r, std::span<const field> attributes) const;
    void event(recording& r, std::string_view name, std::span<const field> attributes, wall_time at) const;
    void link(recording& r, const infra::span_context& to, std::span<const field> attributes) const;
    void status(recording& r, span_status s, std::string_view description) const;
    void rename(recording& r, std::string_view name) const;
    void end(recording* r, wall_time at);

    /// False if no such span is open here.
    bool set_open(infra::span_id id, std::span<const field> attributes) const;
    std::optional<span_record> open_span(infra::span_id id) const;
    std::vector<span_record> open_spans(std::optional<infra::trace_id> of, std::size_t at_most) const;

    std::vector<span_record> recent(std::size_t at_most) const;
    void clear();
    void send_to(std::shared_ptr<span_sink> to) noexcept;
    void add_sink(std::shared_ptr<span_sink> to);
    void remove_sink(const std::shared_ptr<span_sink>& from);

private:
    using sink_list = std::vector<std::shared_ptr<span_sink>>;
    void look_on(std::shared_ptr<const sink_list> changed) noexcept;

    struct row {
        mutable std::mutex mutex;
        recording* first = nullptr; // guarded by mutex
    };
    row& row_of(infra::span_id id) const noexcept { return open_[id.value / 2 % open_.size()]; } // ids are odd
    static recording* find(const row& in, infra::span_id id) noexcept;

    std::shared_ptr<recording> take();
    void keep(std::shared_ptr<recording> ended);
    std::size_t put(json::object& into, std::span<const field> attributes) const;

    static constexpr std::uint64_t low_56_bits = (std::uint64_t(1) << 56) - 1;

    const tracer_options options_;
    const bool follows_parent_;
    const std::uint64_t threshold_;
    const telemetry::tracer_functions table_;
    std::atomic<std::size_t> open_count_{0};
    mutable std::array<row, 256> open_;
    mutable std::mutex recent_mutex_;
    std::vector<std::shared_ptr<recording>> recent_; // guarded by recent_mutex_, as is all below: a ring
    std::size_t oldest_ = 0;
    std::vector<std::shared_ptr<recording>> spare_;
    std::shared_ptr<span_sink> exporter_;
    std::shared_ptr<const sink_list> onlookers_; // null: none; replaced as a whole, since it is read without the lock
    std::atomic<bool> has_sink_{false};
};

/// The one that records, or null.
tracer_state* installed_tracer() noexcept;
void install(std::shared_ptr<tracer_state> state) noexcept;
void uninstall(const tracer_state* state) noexcept;

/// A field's value as JSON, with text that is UTF-8 of at most so many bytes.
json::value to_json(const field_value& value, std::size_t max_bytes);

/// The same for a text.
std::string clean(std::string_view text, std::size_t max_bytes);

} // namespace infra::monitoring::detail
