#include "src/redis/claims_in_wait.hpp"

#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;

class ClaimsInWait : public ::testing::Test {
protected:
    shared_claim wait(std::vector<std::string> queues, std::size_t max = 1, std::optional<wall_time> due = {}) {
        auto c = std::make_shared<claim_operation>(loop.get_executor(),
                                                   claim_request{.queues = std::move(queues), .max = max, .due = due});
        waiting.add(c);
        return c;
    }
    using claims = std::vector<shared_claim>;

    queue::tests::test_loop loop;
    claims_in_wait waiting;
};

TEST_F(ClaimsInWait, ThoseThatHaveWaitedLongestTakeWhatComes) {
    const auto a = wait({"mail"}, 2), b = wait({"mail"}, 2), c = wait({"mail"}, 2);
    EXPECT_EQ(waiting.take_for("mail", 3), (claims{a, b}));
    EXPECT_EQ(a->rung, std::set<std::string>{"mail"});
    EXPECT_EQ(waiting.take_for("mail", 1), claims{c});
    EXPECT_EQ(waiting.take_for("mail", 1), claims{});
}

TEST_F(ClaimsInWait, AClaimOfOtherQueuesWaitsOn) {
    const auto images = wait({"images"}), both = wait({"images", "mail"});
    EXPECT_EQ(waiting.take_for("mail", 5), claims{both});
    EXPECT_TRUE(waiting.wait_for("images"));
    EXPECT_FALSE(waiting.wait_for("mail"));
    EXPECT_EQ(waiting.take_all(), claims{images});
    EXPECT_TRUE(waiting.empty());
}

TEST_F(ClaimsInWait, OnlyThoseThatDoNotKnowAreToldOfWhatIsDue) {
    const auto knows = wait({"mail"}, 1, t0 + 1s);
    const auto knows_later = wait({"mail"}, 1, t0 + 3s);
    const auto knows_none = wait({"mail"});
    EXPECT_EQ(waiting.take_unaware("mail", t0 + 2s), (claims{knows_later, knows_none}));
    EXPECT_EQ(waiting.take_unaware("mail", t0 + 1s), claims{});
    EXPECT_EQ(waiting.take_unaware("mail", t0), claims{knows});
}

TEST_F(ClaimsInWait, EachQueueThatIsWaitedForIsNamedOnce) {
    wait({"mail", "images"});
    const auto c = wait({"mail"});
    EXPECT_EQ(waiting.queues(), (std::vector<std::string>{"images", "mail"}));
    EXPECT_TRUE(waiting.remove(c));
    EXPECT_FALSE(waiting.remove(c));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
