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
#include "places.hpp"

#include <infra/runtime/event_loop.hpp>

namespace infra::queue::tests {
namespace {

using redis_backend::tests::make_aged;
using redis_backend::tests::place;
using redis_backend::tests::server_time;

constexpr backend_traits traits{.goes_by_callers_clock = false,
                                .rescues_every_queue = false,
                                .numbers_all_jobs = false,
                                .lists_in_order_of_addition = false,
                                .orders_children = false,
                                .records_for_followers_only = false};

struct loops_of_a_test {
    loops_of_a_test() { loops.start(); }
    event_loops loops{1};
};

backend_subject make_subject(place (*of)()) {
    const auto at = of();
    const auto around = std::make_shared<loops_of_a_test>();
    const auto on = around->loops.next().get_executor();
    const auto time = std::make_shared<server_time>(at.to, on);
    const auto make = [at, on, time] {
        return make_aged(make_redis_backend({.server = at.to, .prefix = at.prefix}, {on}), time);
    };
    return {.stored = make(), .open_again = make, .surroundings = around, .traits = traits};
}

const auto all = ::testing::Values(
    backend_case{"Encrypted", [] { return make_subject(redis_backend::tests::encrypted); }},
    backend_case{"BehindSentinels", [] { return make_subject(redis_backend::tests::behind_sentinels); }},
    backend_case{"InACluster", [] { return make_subject(redis_backend::tests::in_a_cluster); }});

INSTANTIATE_TEST_SUITE_P(Redis, QueueAttendance, all, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueBackend, all, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueChildren, all, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueChildRemovals, all, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueControl, all, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueGroups, all, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueFlow, all, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueOperations, all, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Redis, QueueSchedules, all, backend_case_name);

} // namespace
} // namespace infra::queue::tests
