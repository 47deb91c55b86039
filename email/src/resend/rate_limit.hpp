#pragma once

/// When the next request may start, learned from what the answers say. Pure.

#include <infra/base/http_message.hpp>
#include <infra/base/time.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <string_view>

namespace infra::email::resend {

/// What an answer says about the rate, in fields of the IETF's draft 6: `ratelimit-limit: 5`, `ratelimit-policy: 5;w=1`,
/// `ratelimit-remaining: 3`, `ratelimit-reset: 1`, and Retry-After.
struct rate_words {
    std::optional<std::size_t> limit{};
    std::optional<std::chrono::milliseconds> window{};
    std::optional<std::size_t> remaining{};
    std::optional<std::chrono::milliseconds> reset{};
    std::optional<std::chrono::milliseconds> retry_after{};
};

/// What makes no sense is not there.
rate_words read_rate(const http::headers& fields, wall_time now);

/// So many requests in any stretch of so long.
struct rate {
    std::size_t limit = 0;
    std::chrono::milliseconds window = std::chrono::seconds(1);
};

/// Keeps to a rate that was told, and to one of our own.
///
/// Requests take their time to the server, so when they start says little of when they count there. Each is taken to count
/// from its start until `window` after its answer, and no more than `limit` at a time: then no window of the server, wherever it
/// begins, has more than that. (Of any request more, one of the others was answered a window before it started.)
///
/// What others use up of a limit that is shared shows in `remaining`; until `reset` no more than that is begun. Before the first
/// answer no more are under way than any team may send in a second.
///
/// Threads:  as a standard container.
class rate_limit {
public:
    explicit rate_limit(std::optional<rate> own = {}, std::size_t at_once = std::numeric_limits<std::size_t>::max())
        : own_(own), at_once_(at_once) {}

    /// `now`, or the time at which the next may start; nothing: not before another of those under way has ended.
    std::optional<steady_time> next(steady_time now) const;

    /// The earliest that one may start which has `ahead` others before it.
    steady_time earliest(steady_time now, std::size_t ahead) const;

    void started(steady_time now);

    /// Answered, with these words, or lost.
    void ended(steady_time now, const rate_words& said = {});

private:
    std::optional<steady_time> next_under(const rate& r, steady_time from) const;
    std::chrono::milliseconds longest_window() const;
    void learn(steady_time now, const rate_words& said);

    /// What the server has left for all who share the limit.
    struct budget {
        std::size_t left = 0;
        steady_time until;
    };

    std::optional<rate> own_;
    std::size_t at_once_;
    bool heard_ = false; // of any request
    std::optional<rate> told_;
    std::optional<budget> shared_;
    steady_time not_before_{}; // Retry-After
    std::size_t under_way_ = 0;
    std::deque<steady_time> ended_; // in order; as far back as a limit may ask
};

} // namespace infra::email::resend
