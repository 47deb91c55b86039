#include "src/redis/changing.hpp"

#include <gtest/gtest.h>

namespace infra::queue::redis_backend::tests {
namespace {

using parts = std::vector<queue_part>;

TEST(QueueRedisChanging, PutsJobsOfOneQueueIntoOneCallInTheirOrder) {
    EXPECT_EQ(parts_of_keys({"bull:a:1", "bull:a:2", "bull:b:1", "x:y:a:3", "bull:a:4"}, 10),
              (parts{{"bull:a", {"1", "2"}}, {"bull:b", {"1"}}, {"x:y:a", {"3"}}, {"bull:a", {"4"}}}));
}

TEST(QueueRedisChanging, PutsNoMoreIntoACallThanMayBe) {
    EXPECT_EQ(parts_of_keys({"bull:a:1", "bull:a:2", "bull:a:3"}, 2),
              (parts{{"bull:a", {"1", "2"}}, {"bull:a", {"3"}}}));
}

TEST(QueueRedisChanging, LeavesOutWhatIsNoKeyOfAJob) { EXPECT_EQ(parts_of_keys({"", "x", "x:y"}, 2), parts{}); }

} // namespace
} // namespace infra::queue::redis_backend::tests
