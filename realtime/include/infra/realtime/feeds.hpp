#pragma once

/// What the other modules know, said on a channel by one call: jobs that have ended, log lines, metrics.
///
///     service.add_part(app::background("live jobs", [=] { return realtime::publish_jobs(hub, "jobs:mail", jobs, "mail"); }));
///     service.add_part(app::background("live log", [=] { return realtime::publish_logs(hub, "log"); }));
///     service.add_part(app::background("live load", [=] { return realtime::publish_metrics(hub, "load", {.names = {"http_server_*"}}); }));
///
/// They are messages like others: subscribers need the permission, `history` keeps them, and a slow client is the channel's own affair.
/// Each call goes on until it is cancelled. Nothing else of the hub, and neither of those modules, knows of this one.

#include <infra/base/clock.hpp>
#include <infra/logging/pipeline.hpp>
#include <infra/monitoring.hpp>
#include <infra/queue.hpp>
#include <infra/realtime/hub.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace infra::realtime {

struct job_feed_options {
    using event = queue::job_event;

    std::vector<event::kind> kinds{event::kind::completed, event::kind::failed}; ///< of what is said
    /// A channel for each, such as `job:17` for whoever waits for that one; empty: this one is not said. Unset: the one of the call.
    std::function<std::string(const event&)> channel_of{};
    /// Also what the handler returned or told, or why it failed: only where everybody on the channel may know.
    bool with_data = false;
};

/// `{"type":"job","data":{"event":"completed","queue","id","number","at","data"?}}` for what happens to the jobs of `queue`, in whatever process.
///
/// Transactional with the job's outcome: the queue's storage notes the event in the transaction that records what became of the job, and that
/// note is what is read here. So nothing is said of an outcome that was not recorded (its lease was lost, its process died), and nothing that was
/// recorded is left out while this goes on, over a storage that is away for less than a minute too; what was missed all the same is told by
/// `{"type":"jobs_missed"}`. With a broker, nodes that follow the same queue say each event once.
///
/// Errors:   std::invalid_argument for a name that is none; queue::errc::corrupt and incompatible. Ends when the queue is stopped.
awaitable<void> publish_jobs(hub to, std::string channel, queue::queue of, std::string queue,
                             job_feed_options options = {});

struct log_feed_options {
    level from = level::info; ///< on top of the pipeline's own levels
    /// What else must hold of a line. Called where the pipeline writes: must not wait, throw or log.
    std::function<bool(const logging::record_view&)> only{};
    std::size_t max_waiting = 1'000;             ///< lines, until the loop says them
    std::size_t max_waiting_bytes = 1024 * 1024; ///< of them together
};

/// `{"type":"log","data":{"timestamp","level","module"?,"message","fields"?,"trace_id"?}}` for each line, as it is after redaction. What finds no
/// room is counted and told of: `{"type":"logs_missed","data":{"dropped":n}}`. Lines of the module `realtime` are left out: to say them would
/// make more of them.
///
/// Errors:   std::invalid_argument for a name that is none; what pipeline::add_output throws. Lifetime: the pipeline outlives it.
awaitable<void> publish_logs(hub to, std::string channel, log_feed_options options = {},
                             logging::pipeline& of = logging::default_pipeline());

struct metric_feed_options {
    std::vector<std::string> names{};       ///< as /metrics has them; `http_*`: all that begin so. Empty: all
    std::chrono::milliseconds every{1'000}; ///< at least 10 ms; a look that finds nothing new says nothing
    std::size_t max_series = 1'000;         ///< in one message; `left_out` says how many more there are
    clock* time = &real_clock();            ///< of `every` and `at`
};

/// `{"type":"metrics","data":{"at","metrics":{"<name>":[{"labels"?,"value"} or {"labels"?,"count","sum"}]},"left_out"?}}`: all that was asked for in one
/// message, so that a history of size 1 gives whoever comes what is now.
///
/// Errors:   std::invalid_argument naming a bad option, or for a name that is none. Lifetime: the metrics and the clock outlive it.
awaitable<void> publish_metrics(hub to, std::string channel, metric_feed_options options = {},
                                monitoring::metrics& of = monitoring::default_metrics());

} // namespace infra::realtime
