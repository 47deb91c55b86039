#pragma once

/// How every room below logging and monitoring reports what it does, without knowing who listens.
///
///     telemetry::log(level::warn, "redis", "connection lost", {{"host", host}, {"error", ec}});
///
///     static telemetry::instrument requests{.kind = telemetry::instrument_kind::counter,
///                                           .name = "http_server_requests_total", .help = "Requests answered."};
///     telemetry::series ok(requests, {{"status", "200"}});
///     ok.add();
///
///     telemetry::span span("GET /users/{id}", span_kind::server);
///     span.set({{"http.response.status_code", 200}});
///
/// There is one table of functions per signal. Each starts empty and then costs a branch; logging fills the first,
/// monitoring the other two. Under context::telemetry_suppressed() nothing is reported.
///
/// Threads:  everything from any thread; one span object from one coroutine at a time.
/// Errors:   none; what listens never throws into what reports.
/// Lifetime: installed tables live until replaced *and* until nobody can be inside them: they are static or live as
///           long as the process's loops.

#include <infra/base/context.hpp>
#include <infra/base/field.hpp>
#include <infra/base/time.hpp>

#include <boost/describe/enum.hpp>

#include <atomic>
#include <initializer_list>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace infra {

enum class level : std::uint8_t { debug, info, warn, error };
BOOST_DESCRIBE_ENUM(level, debug, info, warn, error)

std::string_view to_string(level l) noexcept;

/// One log line before it is written. Views: valid during the call that delivers it.
struct log_record {
    wall_time time;
    level severity = level::info;
    std::string_view module;
    std::string_view message;
    std::span<const field> fields;
    span_context span; ///< active where the line was written; invalid if none
    std::source_location where;
};

/// A metric's label. A view, like field.
struct label {
    std::string_view name;
    std::string_view value;
};

enum class span_kind : std::uint8_t { internal = 1, server, client, producer, consumer }; ///< OTLP's numbers
enum class span_status : std::uint8_t { unset, ok, error };                               ///< OTLP's numbers

namespace telemetry {

/// What makes one metric of several series. Static, or it outlives its series.
enum class instrument_kind : std::uint8_t { counter, gauge, histogram };
struct instrument {
    instrument_kind kind = instrument_kind::counter;
    std::string_view name; ///< as Prometheus spells it
    std::string_view help;
    std::span<const double> buckets = {}; ///< histograms: upper bounds, rising; empty means the listener's default
};

// --- What listens -----------------------------------------------------------------------------------------------

struct log_functions {
    bool (*enabled)(level, std::string_view module) noexcept;
    void (*write)(const log_record&) noexcept;
};

struct meter_functions {
    /// A pointer that the other two understand and that stays valid while this table is installed; null if refused.
    void* (*bind)(const instrument&, std::span<const label>) noexcept;
    void (*add)(void* series, double amount) noexcept;   ///< counters and gauges
    void (*record)(void* series, double value) noexcept; ///< sets a gauge, observes into a histogram
};

struct tracer_functions {
    /// Whether to record a span of this name; decides the sampled flag. `parent` is invalid for a root.
    bool (*sample)(trace_id, const span_context& parent, std::string_view name, span_kind) noexcept;
    /// A recording that the others understand, or null. Called for sampled spans only, once they are current.
    void* (*start)(std::string_view name, span_kind, const span_context& self, span_id parent, wall_time) noexcept;
    void (*set)(void* recording, std::span<const field>) noexcept;
    void (*event)(void* recording, std::string_view name, std::span<const field>, wall_time) noexcept;
    void (*status)(void* recording, span_status, std::string_view description) noexcept;
    void (*rename)(void* recording, std::string_view name) noexcept;
    void (*end)(void* recording, wall_time) noexcept; ///< the recording is not used afterwards
    /// May be null: what does not care for these.
    void (*link)(void* recording, const span_context& to, std::span<const field>) noexcept = nullptr;
    void (*remote_parent)(void* recording) noexcept = nullptr; ///< after start: the parent is in another process
    /// A span below another is sampled if that is, in whatever process: then sample() is asked for roots only.
    bool follows_parent = false;
    /// A root whose trace id's low 56 bits are below this is not sampled, whatever its name: sample() is asked for others.
    std::uint64_t samples_from = 0;
};

/// Replaces what listens; null to stop listening. The table must outlive its installation (see Lifetime above).
void install(const log_functions* table) noexcept;
void install(const meter_functions* table) noexcept;
void install(const tracer_functions* table) noexcept;

// --- What reports -----------------------------------------------------------------------------------------------

/// True if a line of this level and module would be written somewhere; to be asked before costly fields are made.
bool log_enabled(level l, std::string_view module) noexcept;

void log(level l, std::string_view module, std::string_view message, std::initializer_list<field> fields = {},
         std::source_location where = std::source_location::current()) noexcept;
void log(level l, std::string_view module, std::string_view message, std::span<const field> fields,
         std::source_location where = std::source_location::current()) noexcept;

/// One labelled series of an instrument, found once and then cheap to touch. Copies share it.
class series {
public:
    series() noexcept = default; ///< reports nothing
    explicit series(const instrument& of, std::initializer_list<label> labels = {});
    series(const instrument& of, std::span<const label> labels);

    void add(double amount = 1) const noexcept; ///< counters and gauges; a counter only grows
    void record(double value) const noexcept;   ///< sets a gauge, observes into a histogram

private:
    struct state;
    std::shared_ptr<state> state_;
};

/// A piece of work with a beginning and an end. It becomes the active span until end() or destruction, and makes the
/// ids that log lines and outgoing requests carry even when no tracer listens.
class span {
public:
    /// A child of the active span, or the root of a new trace.
    explicit span(std::string_view name, span_kind kind = span_kind::internal);
    /// A child of a span that is not the active one, usually in another process. An invalid parent starts a trace.
    span(std::string_view name, span_kind kind, const span_context& parent);
    /// The same, and the request id becomes part of the context.
    span(std::string_view name, span_kind kind, const span_context& parent, std::string request_id);
    /// A child of the span of `under`, in a context that is `under` in all else: what a request or a job brought.
    span(std::string_view name, span_kind kind, const infra::context& under);
    ~span();
    span(const span&) = delete;
    span& operator=(const span&) = delete;

    const span_context& context() const noexcept { return self_; }
    bool recording() const noexcept { return recording_ != nullptr; }

    void set(fields attributes) noexcept;
    void event(std::string_view name, fields attributes = {}) noexcept;
    void link(const span_context& to, fields attributes = {}) noexcept; ///< belongs together, is no parent
    void succeed() noexcept;                          ///< status ok: a judgement; most spans stay unset
    void fail(std::string_view description) noexcept; ///< status error
    void rename(std::string_view name) noexcept;      ///< once the route is known
    void end() noexcept;                              ///< no effect the second time

private:
    void enter(infra::detail::context_node* fresh, const infra::detail::context_node* current,
               span_context self) noexcept;
    void begin_here(std::string_view name, span_kind kind);
    void begin(std::string_view name, span_kind kind);
    void begin_root(const tracer_functions* table, std::string_view name, span_kind kind);
    void begin_root_with(trace_id trace, span_id id, std::string_view name, span_kind kind);
    void begin_below(const infra::detail::context_node* current, span_context self, std::string_view name,
                     span_kind kind);
    void begin_in(infra::context under, std::string_view name, span_kind kind, const span_context& parent);
    void start(const tracer_functions& table, std::string_view name, span_kind kind,
               const span_context& parent) noexcept;

    span_context self_;
    const tracer_functions* tracer_ = nullptr; // once there is a recording
    void* recording_ = nullptr;
    infra::detail::slot_entry scope_; // nothing entered: ended
};

} // namespace telemetry
} // namespace infra
