#pragma once

/// What the runtime tells of itself to whoever listens to metrics (infra/base/telemetry.hpp).
///
///     monitoring::default_metrics().before_scrape(infra::report_runtime);      // what `app` does
///
/// | metric | labels | what |
/// |---|---|---|
/// | `blocking_pool_threads` | `pool` | gauge: threads it may have |
/// | `blocking_pool_busy_threads` | `pool` | gauge: those that run a function |
/// | `blocking_pool_queued_calls` | `pool` | gauge: calls that wait for a thread |
/// | `blocking_pool_calls_total` | `pool`, `outcome` | counter: `run`, `cancelled` before a thread was free, `refused` |
/// | `blocking_pool_wait_seconds` | `pool` | histogram: what the functions that were run had waited for a thread |
/// | `event_loops` | | gauge: those that run |
/// | `event_loop_lag_seconds` | `loop` | histogram: how late a timer of the loop fires |
///
/// Labels are the names that pools and loops were given. Pools of one name are summed; a call made under
/// telemetry_suppressed() is not counted.

namespace infra {

/// Sets the gauges: of every blocking_pool that lives and every event_loop that runs. The lag of each of those loops is then
/// observed once a second for five minutes, which is how long Prometheus takes a series for alive; where nobody scrapes, no
/// timer runs.
///
/// Threads:  any; it waits for nothing but locks that are held for a moment.
/// Errors:   none but bad_alloc.
void report_runtime();

} // namespace infra
