#include <infra/queue/arrivals.hpp>

#include "support.hpp"

namespace infra::queue::tests {
namespace {

class QueueArrivals : public ::testing::Test {
protected:
    std::shared_ptr<pending<void>> wait(std::vector<std::string> queues, std::uint64_t seen = 0) {
        auto waiting = loop.start(arrivals::wait(arrived, std::move(queues), seen));
        loop.settle();
        return waiting;
    }

    test_loop loop;
    int began_to_wait = 0;
    std::shared_ptr<arrivals> arrived = std::make_shared<arrivals>([this] { ++began_to_wait; });
};

TEST_F(QueueArrivals, WakeWhoeverWaitsForOneOfTheQueues) {
    const auto mail = wait({"images", "mail"}), other = wait({"video"});
    EXPECT_TRUE(arrived->anybody_waits());
    arrived->publish({"mail", "sms"});
    loop.settle();
    EXPECT_TRUE(mail->ended);
    EXPECT_FALSE(other->ended);
    arrived->publish_to_all();
    loop.settle();
    EXPECT_TRUE(other->ended);
    EXPECT_FALSE(arrived->anybody_waits());
}

TEST_F(QueueArrivals, DoNotMissWhatCameSinceItWasSeen) {
    const auto seen = arrived->count();
    arrived->publish({"mail"});
    EXPECT_TRUE(wait({"mail"}, seen)->ended);
    EXPECT_FALSE(wait({"images"}, seen)->ended);
    EXPECT_FALSE(wait({"mail"}, arrived->count())->ended);
}

TEST_F(QueueArrivals, TellTheBackendWhenItMustLookByItself) {
    arrived->publish({"mail"});
    wait({"mail"});
    EXPECT_EQ(began_to_wait, 0);
    wait({"images"});
    EXPECT_EQ(began_to_wait, 1);
}

TEST_F(QueueArrivals, EndEveryWaitOnceClosed) {
    const auto before = wait({"mail"});
    arrived->close(std::make_exception_ptr(error(infra::errc::closed, "over")));
    loop.settle();
    EXPECT_EQ(infra::code_of(before->failure), infra::errc::closed);
    EXPECT_EQ(infra::code_of(wait({"mail"})->failure), infra::errc::closed);
    EXPECT_TRUE(arrived->is_closed());
}

} // namespace
} // namespace infra::queue::tests
