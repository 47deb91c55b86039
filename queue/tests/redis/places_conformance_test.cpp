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
#include "places.hpp"
#include "subject.hpp"

namespace infra::queue::tests {
namespace {

backend_subject make_subject(redis_backend::tests::place (*of)()) {
    auto at = of();
    return redis_backend::tests::subject_on({.server = std::move(at.to), .prefix = std::move(at.prefix)});
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
