#pragma once

// The cache's metrics: by namespace, never by key. Reported by the core, so that every store counts alike.

#include <infra/base/telemetry.hpp>

#include <memory>
#include <string_view>

namespace infra::cache {

struct instruments {
    explicit instruments(std::string_view name);

    telemetry::series hits;
    telemetry::series misses;
    telemetry::series stale; ///< hits on values past their ttl
    telemetry::series loads_ok;
    telemetry::series loads_failed;
    telemetry::series load_duration; ///< seconds
    telemetry::series refreshes_dropped;
    telemetry::series unreadable;
    telemetry::series stored_bytes;
    telemetry::series stored_entries;
    telemetry::series evictions;
};

/// Those of a prefix. Names beyond the first hundred share the label `(other)`, so that a program that makes namespaces up
/// does not fill the metrics.
///
/// Threads: from any thread. Lifetime: for ever.
const instruments& instruments_of(std::string_view prefix);

} // namespace infra::cache
