#include "wiring.hpp"

namespace infra::app {

void wire_cache(wiring& w) {
    const auto one = cache::cache_from(w.env, w.options.cache);
    w.chosen.push_back({.module = "cache", .backend = one.stored()->description()});
    cache::set_default_cache(one);
    health::register_health_check("cache", cache_check(one),
                                  {.timeout = std::chrono::milliseconds(700), // within that of a report
                                   .critical = false,
                                   .cache_for = std::chrono::seconds(1)});
    w.parts.push_back({
        .name = "cache",
        .run = [one] { return one.run(); },
        .stop = [one](deadline limit) { return one.stop(limit); },
    });
}

} // namespace infra::app
