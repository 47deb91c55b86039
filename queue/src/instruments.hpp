#pragma once

// The queue's metrics. Reported by the façade and the worker, so that every backend counts alike.

#include <infra/base/telemetry.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace infra::queue {

struct instruments {
    explicit instruments(std::string_view queue);

    telemetry::series enqueued;
    telemetry::series completed;
    telemetry::series failed;
    telemetry::series retried;
    telemetry::series stalled;
    telemetry::series wait;     ///< seconds
    telemetry::series duration; ///< seconds
    telemetry::series waiting_jobs;
    telemetry::series oldest_waiting; ///< seconds
};

/// Those of a queue. Names beyond the first thousand share the label `other`, so that a program that makes queues up does
/// not fill the metrics.
///
/// Threads: from any thread. Lifetime: for ever.
const instruments& instruments_of(std::string_view queue);

} // namespace infra::queue
