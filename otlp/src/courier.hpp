#pragma once

// What all exporters have in common: when they send, what they do about an answer, and how they end.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/http_message.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/time.hpp>
#include <infra/runtime/mailbox.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace infra::otlp::detail {

struct destination {
    std::string url;
    http::headers headers;
    bool compress;
    std::chrono::milliseconds timeout;        // of a request
    std::chrono::milliseconds export_timeout; // of a body with its repetitions
    std::chrono::milliseconds every;          // how long to wait for more
};

/// What is sent, by its name: "spans".
struct signal_names {
    const char* items;
    const char* rejected; ///< in an answer: "rejectedSpans"
    const telemetry::instrument& sent;
    const telemetry::instrument& dropped;
};

struct counters {
    explicit counters(const signal_names& of)
        : sent(of.sent),
          queue_full(of.dropped, {{"reason", "queue full"}}),
          no_answer(of.dropped, {{"reason", "collector away"}}),
          refused(of.dropped, {{"reason", "refused"}}),
          not_taken(of.dropped, {{"reason", "not taken"}}) {}

    telemetry::series sent;
    telemetry::series queue_full;
    telemetry::series no_answer;
    telemetry::series refused;
    telemetry::series not_taken; // of a body that was, in part
};

/// One request's.
struct cargo {
    std::string body;
    std::uint64_t items;
};

/// Where it comes from. All but close() is called on the courier's loop only.
class source {
public:
    virtual ~source() = default;

    /// Not worth waiting for more.
    virtual bool is_full() const { return false; }

    /// A round begins: take() is called until it is empty.
    virtual void begin() {}
    virtual std::optional<cargo> take() = 0;

    /// From now on there is nothing to send.
    virtual void close() noexcept = 0;
};

/// Sends what its source has until it is told to stop, and then the rest. Destruction drops what is left.
class courier {
public:
    courier(executor ex, destination to, const signal_names& names, std::shared_ptr<source> from, mailbox<char> wake,
            clock& time);
    ~courier();
    courier(const courier&) = delete;
    courier& operator=(const courier&) = delete;

    awaitable<void> run();
    awaitable<void> stop(deadline limit);

private:
    class state;
    std::shared_ptr<state> state_;
};

} // namespace infra::otlp::detail
