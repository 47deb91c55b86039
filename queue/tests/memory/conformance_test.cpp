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

#include <infra/queue/memory.hpp>

namespace infra::queue::tests {
namespace {

backend_subject make_memory() {
    const auto stored = make_memory_backend();
    return {.stored = stored, .open_again = [stored] { return stored->open_again(); }};
}

const auto only = ::testing::Values(backend_case{"Only", make_memory});

INSTANTIATE_TEST_SUITE_P(Memory, QueueAttendance, only, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Memory, QueueBackend, only, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Memory, QueueChildren, only, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Memory, QueueChildRemovals, only, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Memory, QueueControl, only, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Memory, QueueGroups, only, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Memory, QueueFlow, only, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Memory, QueueOperations, only, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Memory, QueueSchedules, only, backend_case_name);

} // namespace
} // namespace infra::queue::tests
