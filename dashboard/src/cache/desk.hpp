#pragma once

// What the parts of the panel share.

#include "cache_panel.hpp"
#include "watch.hpp"

#include <memory>

namespace infra::dashboard {

struct cache_desk {
    cache_source from;
    clock& time;
    cache_watch watch{};

    cache::cache values() const { return from.values(); }
    cache_seen seen() { return watch.look(from.metrics, time.steady()); }
};
using shared_cache = std::shared_ptr<cache_desk>;

// Each adds its routes.
void add_cache_keys(board& on, const shared_cache& desk);
void add_cache_removal(board& on, const shared_cache& desk);

} // namespace infra::dashboard
