#pragma once

/// Spans: which piece of work took how long, inside which other.
///
///     monitoring::span work("charge", {.kind = span_kind::client, .attributes = {{"provider", "x"}}});
///     work.set({{"amount", 17}});
///     …
///     for (const auto& span : default_tracer().recent_spans()) show(span);

#include <infra/base/clock.hpp>
#include <infra/base/json.hpp>
#include <infra/base/telemetry.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra {
class environment;
}

namespace infra::monitoring {

using infra::span_kind;
using infra::span_status;

/// Which traces are recorded. The trace id decides for a root: a ratio of it, the same in every process, and whatever a
/// smaller ratio takes a larger one takes too (OpenTelemetry's traceidratio on the low 56 bits).
struct sampler {
    double ratio = 1;           ///< 0 to 1
    bool follows_parent = true; ///< a span with a parent is recorded if its parent is

    bool samples(infra::trace_id trace, const infra::span_context& parent) const noexcept;
};

/// OTEL_TRACES_SAMPLER (`always_on`, `always_off`, `traceidratio`, and `parentbased_` before each) and
/// OTEL_TRACES_SAMPLER_ARG. Throws errc::misconfigured for anything else.
sampler sampler_from(const environment& env);

/// OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, OTEL_SPAN_EVENT_COUNT_LIMIT, OTEL_SPAN_LINK_COUNT_LIMIT,
/// OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT and the sampler. Throws errc::misconfigured for what it cannot read.
struct tracer_options;
tracer_options tracer_options_from(const environment& env);

struct span_event {
    std::string name{};
    wall_time time{};
    json::object attributes{};
    std::size_t dropped_attributes = 0;
};

/// Another span that this one belongs together with and that is not its parent: each job of a batch.
struct span_link {
    infra::span_context context{};
    json::object attributes{};
    std::size_t dropped_attributes = 0;
};

/// A span that has ended.
struct span_record {
    infra::span_context context{};
    infra::span_id parent{};    ///< none for a root
    bool parent_remote = false; ///< the parent is in another process
    std::string trace_state{};  ///< W3C's, as it came
    std::string name{};
    span_kind kind = span_kind::internal;
    wall_time start{};
    wall_time end{};
    json::object attributes{};
    std::vector<span_event> events{};
    std::vector<span_link> links{};
    span_status status = span_status::unset;
    std::string status_description{};
    std::size_t dropped_attributes = 0;
    std::size_t dropped_events = 0;
    std::size_t dropped_links = 0;
};

/// A span as the seed has it: ids as W3C spells them, 32 and 16 hex digits.
struct span_context {
    std::string trace_id{};
    std::string span_id{};
    std::optional<std::string> parent_span_id{};
    std::string name{};
    wall_time start_time{};
    std::optional<wall_time> end_time{};
    json::object attributes{};
    bool sampled = false; ///< if not, only the ids are known
};

struct tracer_options {
    monitoring::sampler sampler{}; ///< which traces are kept
    /// Ended spans that are kept to be looked at; the oldest go first.
    std::size_t max_recent = 1000;
    /// Spans recorded at once; further ones are not recorded, and counted in `tracer_spans_dropped_total`.
    std::size_t max_open = 10'000;
    std::size_t max_attributes = 128;    ///< of a span, an event or a link; more are counted and left out
    std::size_t max_events = 128;        ///< of a span
    std::size_t max_links = 128;         ///< of a span
    std::size_t max_value_bytes = 8'192; ///< of a name or a text; longer ones are cut. At least 1
};

/// What becomes of ended spans beside being kept for a while: an exporter.
///
/// Threads:  ended() is called on the thread that ended the span and must not take long.
/// Lifetime: shared with the tracer.
class span_sink {
public:
    virtual ~span_sink() = default;
    virtual void ended(std::shared_ptr<const span_record> span) noexcept = 0;
};

namespace detail {
class tracer_state;
}

/// Records the sampled spans of the process, once installed.
///
/// Threads:  any member from any thread.
/// Errors:   recording never throws; without memory a span or attribute is left out.
/// Lifetime: spans that are open when another tracer is installed end in the one that recorded them.
class tracer {
public:
    explicit tracer(tracer_options options = {});
    ~tracer();
    tracer(const tracer&) = delete;
    tracer& operator=(const tracer&) = delete;

    /// From now on telemetry's spans, and with them start_span() and monitoring::span, are recorded here.
    void install() noexcept;

    /// The newest first.
    std::vector<span_record> recent_spans(std::size_t at_most = 100) const;

    /// A span that has not ended, if it is recorded here.
    std::optional<span_record> open_span(infra::span_id id) const;

    /// Those that have not ended, of one trace or of any, in no order. Looks at all there are: for people, not for hot paths.
    std::vector<span_record> open_spans(std::optional<infra::trace_id> of = {}, std::size_t at_most = 100) const;

    void clear();

    /// From now on every span that ends goes to `to`, too, instead of to the one named here before; null: to nobody.
    void send_to(std::shared_ptr<span_sink> to) noexcept;

    /// And to this one as well, whatever send_to() says: for those who look on.
    void add_sink(std::shared_ptr<span_sink> to);
    void remove_sink(const std::shared_ptr<span_sink>& from); ///< what is on its way to it still comes

private:
    std::shared_ptr<detail::tracer_state> state_;
};

struct span_options {
    span_kind kind = span_kind::internal; ///< which end of a call it is
    std::string traceparent{};            ///< the parent is elsewhere; what is no traceparent starts a trace
    std::string tracestate{};             ///< that came with it
    std::string baggage{};                ///< likewise; becomes part of the context
    json::object attributes{};            ///< what it says from the start
    std::vector<span_link> links{};       ///< spans of other traces that it has to do with
};

/// A span that is active from its construction to its end. Belongs to one coroutine or thread; it may live across
/// co_await.
class span {
public:
    [[nodiscard]] explicit span(std::string_view name, const span_options& options = {});

    std::string id() const;       ///< 16 hex digits
    std::string trace_id() const; ///< 32
    const infra::span_context& context() const noexcept { return span_.context(); }

    void set(fields attributes) noexcept { span_.set(attributes); }
    void event(std::string_view name, fields attributes = {}) noexcept { span_.event(name, attributes); }
    void link(const infra::span_context& to, fields attributes = {}) noexcept { span_.link(to, attributes); }
    void succeed() noexcept { span_.succeed(); }                  ///< status ok: somebody judged it to be
    void fail(std::string_view why) noexcept { span_.fail(why); } ///< status error
    void fail(const std::exception& why) noexcept;                ///< status error, and the attribute `error`
    void rename(std::string_view name) noexcept { span_.rename(name); }
    void end() noexcept { span_.end(); } ///< no effect the second time

private:
    telemetry::span span_;
};

} // namespace infra::monitoring
