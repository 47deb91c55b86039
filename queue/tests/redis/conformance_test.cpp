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
#include "subject.hpp"

#include <infra/testing/redis_server.hpp>

namespace infra::queue::tests {
namespace {

backend_subject make_subject() {
    const auto server = std::make_shared<testing::redis_server>();
    return redis_backend::tests::subject_on({.server = redis::options_from(server->url())}, server);
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
