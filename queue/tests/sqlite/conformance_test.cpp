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
#include "support.hpp"

namespace infra::queue::tests {
namespace {

backend_subject make_subject(durability kept) {
    const auto folder = std::make_shared<temporary_folder>();
    const sqlite_options options{.file = *folder / "queue.db", .durability = kept, .poll = 5ms};
    return {.surroundings = folder,
            .stored = make_sqlite_backend(options),
            .open_again = [options] { return make_sqlite_backend(options); },
            .check = [options] { expect_sound(options.file); }};
}

const auto both = ::testing::Values(backend_case{"Full", [] { return make_subject(durability::full); }},
                                    backend_case{"Normal", [] { return make_subject(durability::normal); }});

INSTANTIATE_TEST_SUITE_P(Sqlite, QueueAttendance, both, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueBackend, both, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueChildren, both, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueChildRemovals, both, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueControl, both, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueGroups, both, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueFlow, both, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueOperations, both, backend_case_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueSchedules, both, backend_case_name);

} // namespace
} // namespace infra::queue::tests
