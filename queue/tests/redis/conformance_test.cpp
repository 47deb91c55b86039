#include "../attendance_conformance.hpp"
#include "../changes_conformance.hpp"
#include "../child_additions_conformance.hpp"
#include "../child_failures_conformance.hpp"
#include "../child_records_conformance.hpp"
#include "../child_removals_conformance.hpp"
#include "../children_conformance.hpp"
#include "../claims_conformance.hpp"
#include "../control_conformance.hpp"
#include "../events_conformance.hpp"
#include "../flow_conformance.hpp"
#include "../group_limits_conformance.hpp"
#include "../groups_conformance.hpp"
#include "../jobs_conformance.hpp"
#include "../leases_conformance.hpp"
#include "../lists_conformance.hpp"
#include "../notes_conformance.hpp"
#include "../outcomes_conformance.hpp"
#include "../schedules_conformance.hpp"
#include "../waits_conformance.hpp"
#include "aged_backend.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/testing/redis_server.hpp>

namespace infra::queue::tests {
namespace {

using redis_backend::tests::make_aged;
using redis_backend::tests::server_time;

constexpr backend_traits traits{.goes_by_callers_clock = false,
                                .rescues_every_queue = false,
                                .numbers_all_jobs = false,
                                .lists_in_order_of_addition = false,
                                .orders_children = false,
                                .records_for_followers_only = false};

// The backend lives on a loop of its own, so that the suite comes to it from elsewhere.
struct surroundings {
    surroundings() { loops.start(); }
    testing::redis_server server;
    event_loops loops{1};
};

backend_subject make_subject() {
    const auto around = std::make_shared<surroundings>();
    const auto on = around->loops.next().get_executor();
    const auto at = redis::options_from(around->server.url());
    const auto time = std::make_shared<server_time>(at, on);
    const auto make = [at, on, time] { return make_aged(make_redis_backend({.server = at}, {on}), time); };
    return {.stored = make(), .open_again = make, .surroundings = around, .traits = traits};
}

const auto alone = ::testing::Values(backend_case{"Alone", make_subject});

INSTANTIATE_TEST_SUITE_P(Redis, QueueAttendance, alone, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueBackend, alone, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueChildren, alone, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueChildRemovals, alone, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueControl, alone, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueGroups, alone, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueFlow, alone, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueOperations, alone, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueSchedules, alone, backend_case_name);

} // namespace
} // namespace infra::queue::tests
