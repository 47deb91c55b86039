#pragma once

#include "../board.hpp"

#include <infra/cache.hpp>
#include <infra/monitoring.hpp>

#include <functional>
#include <vector>

namespace infra::dashboard {

struct cache_source {
    /// Asked for each request, so that it may be made later than the panel.
    std::function<cache::cache()> values = [] { return cache::default_cache(); };

    /// Where hits and misses are counted.
    std::function<std::vector<monitoring::metric_family>()> metrics = [] {
        return monitoring::default_metrics().collect();
    };
};

/// Page `cache`: how often it has what is asked for, what it has, and how that goes away. README.md lists its routes.
void add_cache_panel(board on, cache_source from = {});

} // namespace infra::dashboard
