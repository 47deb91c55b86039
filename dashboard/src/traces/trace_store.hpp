#pragma once

// Spans, by trace. The newest traces are kept whole. When their room is used up the oldest go, but those that failed and the slowest of each
// name move to rooms of their own, where they stay longer: what somebody will ask for tomorrow.
//
//     newest, half of the bytes ── oldest ──> failed? ──> failed, a quarter ── oldest ──> gone
//                                      │ no
//                                      └────> among the slowest 3 of its name? ──> slow, a quarter ── oldest ──> gone
//                                                    │ no
//                                                    └────> gone

#include <infra/base/time.hpp>
#include <infra/monitoring/tracer.hpp>

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace infra::dashboard {

using span_ptr = std::shared_ptr<const monitoring::span_record>;

/// About what it takes.
std::size_t bytes_of(const monitoring::span_record& span) noexcept;

/// A trace as far as its spans have ended.
struct trace_summary {
    trace_id id{};
    span_ptr root{}; ///< the one without a parent here that began first
    wall_time start{};
    wall_time end{};
    bool failed = false;      ///< a span has
    std::size_t spans = 0;    ///< with those that are left out
    std::size_t left_out = 0; ///< past the first 1000

    std::chrono::nanoseconds took() const noexcept { return end - start; }
};

struct kept_trace {
    trace_summary summary{};
    std::vector<span_ptr> spans{}; ///< in the order of their ends
};

/// What of a trace is shown in lists. All of what is set must be so.
struct trace_filter {
    bool failed = false;
    std::chrono::nanoseconds at_least{}; ///< took so long
    std::string name{};  ///< a part of the root's name, in lower case: that of ASCII letters does not count
    std::string route{}; ///< the root's whole name
    bool probes = true;  ///< also those of /health, /ready and /metrics
    std::optional<wall_time> since{}; ///< began then or later
    std::optional<wall_time> until{};
};
bool matches(const trace_summary& trace, const trace_filter& wanted);

/// Threads:  any member from any thread.
/// Errors:   without memory a span is left out.
class trace_store final : public monitoring::span_sink {
public:
    static constexpr std::size_t most_spans = 1000; ///< of a trace
    static constexpr std::size_t slowest_of_name = 3;

    /// Traces whose root came in below this path are not kept: those of who looks on.
    trace_store(std::size_t max_bytes, std::string hidden_path);

    void ended(span_ptr span) noexcept override;

    /// The ones that changed last first. `before` is `next` of the page before, which is 0 at the end.
    struct page {
        std::vector<trace_summary> traces;
        std::uint64_t next = 0;
    };
    page list(const trace_filter& wanted, std::uint64_t before, std::size_t limit) const;

    std::optional<kept_trace> find(trace_id id) const;

    /// Of those that ended since.
    std::vector<trace_summary> slowest(std::size_t n, wall_time since) const;

    /// Names of roots, the most frequent first, with how many traces there are, how many failed and the slowest.
    struct named {
        std::string name;
        std::size_t count = 0, failed = 0;
        std::chrono::nanoseconds slowest{};
    };
    std::vector<named> names(std::size_t at_most) const;

    struct account {
        std::size_t traces = 0, spans = 0, bytes = 0, max_bytes = 0;
        std::uint64_t changes = 0; ///< another number whenever something came
        std::optional<wall_time> since{};
    };
    account counts() const;

private:
    enum room : std::size_t { newest, failed, slow, rooms };
    struct entry {
        kept_trace trace;
        std::size_t bytes = 0;
        std::uint64_t number = 0; // rises with each change
        room in = newest;
        std::list<trace_id>::iterator place{};
    };

    void add(span_ptr span);
    void hide(trace_id looks);
    void move_to(entry& e, room to);
    void remove(entry& e);
    void make_room();
    void settle(entry& oldest);
    bool is_slow(const entry& e);
    bool is_hidden(const monitoring::span_record& root) const;
    std::vector<const entry*> matching(const trace_filter& wanted) const;

    const std::size_t max_bytes_;
    const std::string hidden_path_;
    struct hash {
        std::size_t operator()(trace_id id) const noexcept { return id.low; }
    };
    mutable std::mutex mutex_; // guards all that follows
    std::unordered_map<trace_id, entry, hash> traces_;
    std::array<std::list<trace_id>, rooms> order_; // oldest first
    std::array<std::size_t, rooms> bytes_{};
    std::map<std::string, std::vector<trace_id>, std::less<>> slowest_; // in the room for slow ones, by name
    std::uint64_t changes_ = 0;
    std::size_t spans_ = 0;
};

} // namespace infra::dashboard
