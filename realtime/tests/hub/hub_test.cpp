#include "recording.hpp"

#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

namespace infra::realtime::tests {
namespace {

class Hub : public ::testing::Test {
protected:
    std::shared_ptr<recording> join(const std::string& id, std::shared_ptr<connection_group> of = nullptr) {
        auto made = std::make_shared<recording>(std::move(of));
        subject.register_client(id, made);
        return made;
    }

    testing::test_loop loop;
    hub subject{{.on = loop.get_executor()}};
};

TEST_F(Hub, SendsWhatIsPublishedToWhoIsSubscribedBeforePublishReturns) {
    const auto anna = join("anna");
    const auto bert = join("bert");
    join("carl");
    EXPECT_TRUE(subject.subscribe("room", "anna"));
    EXPECT_TRUE(subject.subscribe("room", "bert"));
    EXPECT_TRUE(subject.subscribe("room", "bert")) << "twice is once";
    EXPECT_FALSE(subject.subscribe("room", "nobody"));
    EXPECT_EQ(subject.publish("room", {.type = "said", .data = "hi"}).subscribers, 2u);
    EXPECT_EQ(anna->received, strings{R"({"type":"said","channel":"room","data":"hi"})"});
    EXPECT_EQ(bert->received, anna->received);
    EXPECT_EQ(subject.get_subscribers("room"), (strings{"anna", "bert"}));
    EXPECT_EQ(subject.publish("empty", {.type = "said"}).subscribers, 0u);
}

TEST_F(Hub, DeliversToAGroupOnItsLoopInOneTurnWithOneFlush) {
    const auto group = std::make_shared<recording_group>(loop.get_executor());
    const auto anna = join("anna", group);
    const auto bert = join("bert", group);
    subject.subscribe("room", "anna");
    subject.subscribe("room", "bert");
    for (const auto* text : {"1", "2", "3"})
        subject.publish("room", {.type = text});
    EXPECT_TRUE(anna->received.empty());
    loop.settle();
    EXPECT_EQ(anna->received, (strings{R"({"type":"1","channel":"room"})", R"({"type":"2","channel":"room"})",
                                       R"({"type":"3","channel":"room"})"}));
    EXPECT_EQ(bert->received, anna->received);
    EXPECT_EQ(group->flushes, 1u);
}

TEST_F(Hub, LeavesOneOut) {
    const auto anna = join("anna");
    const auto bert = join("bert");
    subject.subscribe("room", "anna");
    subject.subscribe("room", "bert");
    subject.publish("room", {.type = "typing"}, {.except = "anna"});
    EXPECT_TRUE(anna->received.empty());
    EXPECT_EQ(bert->received.size(), 1u);
}

TEST_F(Hub, AClientThatThrowsHarmsNobodyAndIsRemoved) {
    const auto anna = join("anna");
    const auto bert = join("bert");
    const auto carl = join("carl");
    for (const auto* id : {"anna", "bert", "carl"})
        subject.subscribe("room", id);
    bert->throws = true;
    subject.publish("room", {.type = "1"});
    subject.publish("room", {.type = "2"});
    EXPECT_EQ(anna->received.size(), 2u);
    EXPECT_EQ(carl->received.size(), 2u);
    EXPECT_EQ(subject.get_client("bert"), nullptr);
    EXPECT_EQ(subject.get_subscribers("room"), (strings{"anna", "carl"}));
    EXPECT_FALSE(bert->closed);
}

} // namespace
} // namespace infra::realtime::tests
