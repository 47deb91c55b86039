#include "../../src/hub/hub_state.hpp"
#include "recording.hpp"

#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

namespace infra::realtime::tests {
namespace {

/// A loop that is stuck for as long as the test does not turn it; three messages find room in its inbox.
class FullLane : public ::testing::Test {
protected:
    std::shared_ptr<recording> join(const std::string& id, std::string_view channel) {
        auto socket = std::make_shared<recording>(group);
        auto who = std::make_shared<detail::client>();
        who->id = id;
        who->socket = socket;
        EXPECT_EQ(state->admit(who), std::nullopt);
        state->attach(who, channel);
        loop.settle();
        return socket;
    }
    void publish(std::string_view channel, const std::string& types) {
        for (const char type : types)
            state->publish(channel, {.type = std::string(1, type)}, {});
    }
    /// The types alone, and all of a gap.
    static std::string said(const recording& by) {
        std::string types;
        for (const auto& each : by.received) {
            const auto read = json::parse(each).value().as_object();
            const std::string type(read.at("type").as_string());
            types += type == "gap" ? " " + json::to_text(read.at("data")) + " " : type;
        }
        return types;
    }

    testing::test_loop loop;
    std::shared_ptr<recording_group> group = std::make_shared<recording_group>(loop.get_executor());
    std::shared_ptr<detail::hub_state> state = std::make_shared<detail::hub_state>(
        hub_options{.channels = {{"kept", {.history = {.size = 100}}}, {"few", {.history = {.size = 2}}}},
                    .on = loop.get_executor()},
        detail::lane_bounds{.items = 3, .bytes = 1'000});
};

TEST_F(FullLane, TellsHowManyWereLostInTheirPlace) {
    const auto anna = join("anna", "room");
    publish("room", "12345");
    loop.settle();
    publish("room", "6");
    loop.settle();
    EXPECT_EQ(said(*anna), R"(123 {"dropped":2} 6)");
    EXPECT_EQ(state->rooms.find("room")->info({}).dropped, 2u);
}

TEST_F(FullLane, MakesUpForThemOutOfTheHistory) {
    const auto anna = join("anna", "kept");
    const auto bert = join("bert", "kept");
    publish("kept", "12345");
    state->publish("kept", {.type = "x"}, {.except = "bert"});
    loop.settle();
    publish("kept", "7");
    loop.settle();
    EXPECT_EQ(said(*anna), "12345x7");
    EXPECT_EQ(anna->offsets, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(said(*bert), "123457");
    EXPECT_EQ(state->rooms.find("kept")->info(state->time().steady()).dropped, 0u);
}

TEST_F(FullLane, MakesUpForThemToWhoComesInBetween) {
    const auto anna = join("anna", "kept");
    publish("kept", "12345");
    const auto socket = std::make_shared<recording>(group);
    const auto bert = std::make_shared<detail::client>();
    bert->id = "bert";
    bert->socket = socket;
    ASSERT_EQ(state->admit(bert), std::nullopt);
    ASSERT_EQ(state->attach(bert, "kept")->now.offset, 5u);
    publish("kept", "67");
    loop.settle();
    EXPECT_EQ(said(*anna), "1234567");
    EXPECT_EQ(said(*socket), "67");
}

TEST_F(FullLane, TellsOfThemWhereTheHistoryHasThemNoLonger) {
    const auto anna = join("anna", "few");
    publish("few", "123456");
    loop.settle();
    EXPECT_EQ(said(*anna), R"(123 {"dropped":3,"offset":6} )");
}

TEST_F(FullLane, TellsEachChannelItsOwn) {
    const auto anna = join("anna", "room");
    const auto bert = join("bert", "hall");
    publish("room", "12");
    publish("hall", "12");
    publish("room", "34");
    publish("hall", "3");
    loop.settle();
    EXPECT_EQ(said(*anna), R"(12 {"dropped":2} )");
    EXPECT_EQ(said(*bert), R"(1 {"dropped":2} )");
}

TEST_F(FullLane, HasABoundInBytes) {
    const boost::json::string long_text(600, 'x');
    const auto anna = join("anna", "room");
    state->publish("room", {.type = "1", .data = long_text}, {});
    state->publish("room", {.type = "2", .data = long_text}, {});
    state->publish("room", {.type = "3"}, {});
    loop.settle();
    EXPECT_EQ(said(*anna), R"(1 {"dropped":1} 3)");
}

TEST_F(FullLane, ClosesAClientThatWouldMissWhatWasSaidToItAlone) {
    const auto anna = join("anna", "room");
    publish("room", "123");
    const auto who = state->clients.find("anna");
    state->send(who, make_frame({.type = "answer"}, {.control = true}));
    state->send(who, make_frame({.type = "lost"}));
    EXPECT_EQ(state->clients.find("anna"), nullptr);
    loop.settle();
    EXPECT_EQ(anna->received.size(), 4u);
    EXPECT_EQ(anna->closed, close_code::lost_place);
}

TEST_F(FullLane, DoesNotDelayAnotherLoopsClients) {
    const auto anna = join("anna", "room");
    const auto bert = std::make_shared<recording>();
    auto who = std::make_shared<detail::client>();
    who->id = "bert";
    who->socket = bert;
    state->admit(who);
    state->attach(who, "room");
    publish("room", "12345");
    EXPECT_EQ(said(*bert), "12345");
    EXPECT_EQ(said(*anna), "");
}

TEST(Lane, HandsALongBurstOutInSlicesAndFlushesBetween) {
    testing::test_loop loop;
    const auto group = std::make_shared<recording_group>(loop.get_executor());
    const auto state = std::make_shared<detail::hub_state>(hub_options{.on = loop.get_executor()},
                                                           detail::lane_bounds{.slice_bytes = 100});
    const auto socket = std::make_shared<recording>(group);
    const auto who = std::make_shared<detail::client>();
    who->id = "anna";
    who->socket = socket;
    state->admit(who);
    state->attach(who, "room");
    loop.settle();
    const auto before = group->flushes;
    for (int i = 0; i < 20; ++i)
        state->publish("room", {.type = "0123456789"}, {}); // 43 bytes each
    loop.settle();
    EXPECT_EQ(socket->received.size(), 20u);
    EXPECT_EQ(group->flushes - before, 7u) << "three a turn";
}

// --- the order between a session's answers and what is published

TEST_F(FullLane, SaysAtOnceAndInOrderWhatASessionOnItsLoopIsAnswered) {
    const auto anna = join("anna", "room");
    const auto who = state->clients.find("anna");
    const auto answer = [](const position&, std::optional<bool>, const channel_facts&) {
        return make_frame({.type = "A"});
    };
    publish("room", "1");
    state->attach(who, "hall", {}, answer, {}, true);
    EXPECT_EQ(said(*anna), "1A");
    publish("hall", "2");
    state->detach(who, "hall", make_frame({.type = "D"}), true);
    EXPECT_EQ(said(*anna), "1A2D");
    EXPECT_EQ(group->flushes, 1u) << "that of join(): below a caller nothing is flushed";
    loop.settle();
    EXPECT_GE(group->flushes, 2u);
}

} // namespace
} // namespace infra::realtime::tests
