#include "wiring.hpp"

#include <infra/base/encoding.hpp>

namespace infra::app {
void wire_queue(wiring& w) {
    w.chosen.push_back({.module = "queue", .backend = encoding::shown_url(queue::url_from(w.env))});
    queue::set_default_queue(queue::queue_from(w.env));
    health::register_health_check("queue", queue_check(w.options.queue_check),
                                  {.cache_for = std::chrono::seconds(1)}); // not once for each probe of a flood

    w.parts.push_back({
        .name = "queue",
        .open = []() -> awaitable<void> { co_await queue::counts(); },
        .stop = [](deadline limit) { return queue::default_queue().stop(limit); },
    });
    if (!w.options.run_worker)
        return;
    const auto worker = std::make_shared<queue::worker>(queue::create_queue_worker(w.options.worker));
    w.parts.push_back({
        .name = "worker",
        .run = [worker] { return worker->run(); },
        .stop = [worker](deadline limit) { return worker->stop(limit); },
    });
}

} // namespace infra::app
