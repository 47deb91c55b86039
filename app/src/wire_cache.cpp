#include "wiring.hpp"

namespace infra::app {

void wire_cache(wiring& w) {
    const auto one = cache::cache_from(w.env, w.options.cache);
    w.chosen.push_back({.module = "cache", .backend = one.stored()->description()});
    cache::set_default_cache(one);
    w.parts.push_back({
        .name = "cache",
        .run = [one] { return one.run(); },
        .stop = [one](deadline limit) { return one.stop(limit); },
    });
}

} // namespace infra::app
