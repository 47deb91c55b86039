#pragma once

// A backend on Redis as the suite's subject.

#include "aged_backend.hpp"
#include "tests/backend_fixture.hpp"

#include <infra/runtime/event_loop.hpp>

namespace infra::queue::redis_backend::tests {

inline constexpr infra::queue::tests::backend_traits traits{.goes_by_callers_clock = false,
                                                            .rescues_every_queue = false,
                                                            .numbers_all_jobs = false,
                                                            .lists_in_order_of_addition = false,
                                                            .orders_children = false,
                                                            .records_for_followers_only = false};

/// On a loop of its own, so that the suite comes to it from elsewhere. `server` is kept as long as the subject.
inline infra::queue::tests::backend_subject subject_on(const redis_queue_options& options,
                                                       std::shared_ptr<void> server = nullptr) {
    struct surroundings {
        explicit surroundings(std::shared_ptr<void> kept) : server(std::move(kept)) { loops.start(); }
        std::shared_ptr<void> server;
        event_loops loops{1};
    };
    const auto around = std::make_shared<surroundings>(std::move(server));
    const auto on = around->loops.next().get_executor();
    const auto time = std::make_shared<server_time>(options.server, on);
    const auto make = [options, on, time] { return make_aged(make_redis_backend(options, {on}), time); };
    return {.surroundings = around, .stored = make(), .open_again = make, .traits = traits};
}

} // namespace infra::queue::redis_backend::tests
