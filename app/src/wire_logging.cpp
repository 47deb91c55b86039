#include "wiring.hpp"

namespace infra::app {

// Stopped last of all: what the others say while they end is written too.
void wire_logging(wiring& w) {
    auto& pipeline = logging::default_pipeline();
    pipeline.install();
    if (w.options.environment || w.reads_levels)
        pipeline.set_levels(logging::options_from(w.env).options.levels);
    w.chosen.push_back({.module = "logging", .backend = "stdout"});
    w.parts.push_back({
        .name = "logging",
        .stop = [&pipeline](deadline limit) -> awaitable<void> {
            pipeline.flush(limit);
            co_return;
        },
    });
}

} // namespace infra::app
