#include "support.hpp"

namespace infra::queue::tests {
namespace {

TEST(QueueRunId, NamesAScheduleAndATime) {
    EXPECT_EQ(run_id("daily", t0), "repeat:daily:1767225600000");
    EXPECT_EQ(run_of("repeat:daily:1767225600000"), std::pair(std::string("daily"), t0));
    EXPECT_EQ(run_of("repeat:a:b:1"), std::pair(std::string("a:b"), wall_time(1ms)));
}

TEST(QueueRunId, IsNotWhatOnlyLooksLikeOne) {
    for (const auto* id : {"", "repeat:", "repeat:x", "repeat:x:", "repeat:x:1x", "repeat::", "a:x:1",
                           "repeat:x:99999999999999999999", "repeat:x:9223372036854775807"})
        EXPECT_FALSE(run_of(id)) << id;
}

TEST(QueueRunId, IsNoIdThatACallerMayChoose) { EXPECT_THROW(check_job_id(run_id("daily", t0)), std::invalid_argument); }

} // namespace
} // namespace infra::queue::tests
