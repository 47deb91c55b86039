#include "broker_conformance.hpp"
#include "joined_medium.hpp"
#include "sharded_medium.hpp"

namespace infra::realtime {
namespace {

std::unique_ptr<broker_medium> joined() { return std::make_unique<joined_medium>(); }

INSTANTIATE_TEST_SUITE_P(InOneProcess, BrokerConformance,
                         ::testing::Values(broker_case{"Joined", [](infra::testing::test_loop&) { return joined(); }},
                                           broker_case{"Sharded",
                                                       [](infra::testing::test_loop&) {
                                                           return std::make_unique<sharded_medium>(joined);
                                                       }}),
                         broker_case_name);

} // namespace
} // namespace infra::realtime
