#include "realtime/tests/broker_conformance.hpp"
#include "realtime/tests/redis/stage.hpp"
#include "realtime/tests/sharded_medium.hpp"

namespace infra::realtime {
namespace {

broker_case over_redis(std::string name, redis_broker_options o) {
    return {std::move(name), [o](infra::testing::test_loop& loop) { return std::make_unique<redis_stage>(loop, o); }};
}

broker_case over_several() {
    return {"OverSeveralServers", [](infra::testing::test_loop& loop) {
                return std::make_unique<sharded_medium>([&loop] { return std::make_unique<redis_stage>(loop); });
            }};
}

std::vector<broker_case> all_cases() {
    if (!infra::testing::redis_server::installed())
        return {};
    return {over_redis("Classic", impatient({.sharded = false})), over_redis("Sharded", impatient({.sharded = true})),
            over_several()};
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BrokerConformance);
INSTANTIATE_TEST_SUITE_P(Redis, BrokerConformance, ::testing::ValuesIn(all_cases()), broker_case_name);

} // namespace
} // namespace infra::realtime
