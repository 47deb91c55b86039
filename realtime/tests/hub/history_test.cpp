#include "../../src/hub/hub_state.hpp"
#include "recording.hpp"

#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

namespace infra::realtime::tests {
namespace {

using namespace std::chrono_literals;
using detail::history_ring;

class Ring : public ::testing::Test {
protected:
    void append(std::uint64_t offset, std::optional<std::chrono::milliseconds> ttl = {}, std::string except = {}) {
        subject.append(frame(std::string(8, 'x'), {.offset = offset}), offset, now, ttl, std::move(except));
    }
    std::vector<std::uint64_t> after(std::uint64_t offset, std::string_view client = {}) {
        subject.expire(now);
        std::vector<std::uint64_t> offsets;
        for (const auto* const each : subject.after(offset, now, client))
            offsets.push_back(each->offset);
        return offsets;
    }
    using offsets = std::vector<std::uint64_t>;

    history_ring subject{{.size = 3, .age = 10s, .max_bytes = 100}};
    steady_time now{};
};

TEST_F(Ring, KeepsTheLastOnesAndKnowsHowFarItReachesBack) {
    EXPECT_TRUE(subject.reaches_back_to(0));
    for (const std::uint64_t offset : {1u, 2u, 3u})
        append(offset);
    EXPECT_EQ(after(0), (offsets{1, 2, 3}));
    EXPECT_TRUE(subject.reaches_back_to(0));
    append(4);
    EXPECT_EQ(after(0), (offsets{2, 3, 4}));
    EXPECT_EQ(after(3), offsets{4});
    EXPECT_EQ(after(4), offsets{});
    EXPECT_FALSE(subject.reaches_back_to(0));
    EXPECT_TRUE(subject.reaches_back_to(1));
}

TEST_F(Ring, ForgetsWhatIsTooOld) {
    append(1);
    now += 6s;
    append(2);
    now += 4s;
    EXPECT_EQ(after(0), offsets{2});
    EXPECT_FALSE(subject.reaches_back_to(0));
    EXPECT_TRUE(subject.reaches_back_to(1));
    now += 6s;
    EXPECT_EQ(after(0), offsets{});
    EXPECT_TRUE(subject.reaches_back_to(2)) << "nothing is missing behind the last one";
    EXPECT_EQ(subject.bytes(), 0u);
}

TEST_F(Ring, HasABoundInBytesToo) {
    history_ring small({.size = 100, .age = 10s, .max_bytes = 25});
    for (const std::uint64_t offset : {1u, 2u, 3u})
        small.append(frame("12345678", {}), offset, now, {}, {}); // 10 bytes with the header
    EXPECT_EQ(small.size(), 2u);
    EXPECT_EQ(small.bytes(), 20u);
    small.append(frame(std::string(100, 'x'), {}), 4, now, {}, {});
    EXPECT_EQ(small.size(), 0u);
    EXPECT_FALSE(small.reaches_back_to(3));
    EXPECT_TRUE(small.reaches_back_to(4));
}

TEST_F(Ring, KnowsWhetherItDroppedAnythingForItsBytesSinceItBegan) {
    history_ring small({.size = 2, .age = 10s, .max_bytes = 25});
    const auto append = [&](std::uint64_t offset, std::size_t size) {
        small.append(frame(std::string(size, 'x'), {}), offset, now, {}, {});
        return small.dropped_for_bytes();
    };
    EXPECT_FALSE(append(1, 8));
    EXPECT_FALSE(append(2, 8));
    EXPECT_FALSE(append(3, 8)) << "one was too many";
    EXPECT_TRUE(append(4, 20));
    EXPECT_TRUE(append(5, 1)) << "what went is still missing";
    small.begin_after(5);
    EXPECT_FALSE(small.dropped_for_bytes());
    EXPECT_TRUE(append(6, 100));
    small.clear();
    EXPECT_FALSE(small.dropped_for_bytes());
}

TEST_F(Ring, DoesNotMissWhatHasOutlivedItself) {
    append(1);
    append(2, 1s);
    append(3);
    now += 2s;
    EXPECT_EQ(after(0), (offsets{1, 3}));
    EXPECT_TRUE(subject.reaches_back_to(0));
    now += 8s;
    EXPECT_EQ(after(0), offsets{});
    EXPECT_FALSE(subject.reaches_back_to(0)) << "1 was to be kept for as long as the channel says";
}

TEST_F(Ring, ATtlOfAMessageDoesNotOutliveTheChannelsAge) {
    append(1, 1h);
    now += 10s;
    EXPECT_EQ(after(0), offsets{});
    EXPECT_FALSE(subject.reaches_back_to(0));
}

TEST_F(Ring, LeavesOutWhatAClientWasNotToGet) {
    append(1, {}, "anna");
    append(2);
    EXPECT_EQ(after(0, "anna"), offsets{2});
    EXPECT_EQ(after(0, "bert"), (offsets{1, 2}));
}

// --- a channel's history in a hub

class History : public ::testing::Test {
protected:
    std::shared_ptr<detail::client> join(const std::string& id, std::shared_ptr<recording> socket) {
        auto who = std::make_shared<detail::client>();
        who->id = id;
        who->socket = std::move(socket);
        EXPECT_EQ(state->admit(who), std::nullopt);
        return who;
    }
    detail::subscribe_answer answer = [](const position& now, std::optional<bool> recovered,
                                         const channel_facts& about) {
        return frame(about.name + " at " + std::to_string(now.offset) +
                         (recovered ? *recovered ? " recovered" : " lost" : ""),
                     {});
    };
    position publish(std::string type, publish_options how = {}) {
        return state->publish("room", {.type = std::move(type)}, how).at;
    }
    static std::string said(const std::string& type, int offset) {
        return R"({"type":")" + type + R"(","channel":"room","offset":)" + std::to_string(offset) + "}";
    }

    manual_clock time;
    testing::test_loop loop;
    std::shared_ptr<detail::hub_state> state = std::make_shared<detail::hub_state>(
        hub_options{.channels = {{"room", {.history = {.size = 4, .age = 60s}}}, {"price", {.history = {.size = 1}}}},
                    .limits = {.max_recovered = 3},
                    .on = loop.get_executor(),
                    .time = &time});
};

TEST_F(History, GivesOffsetsWithinAnEpochThatNobodyGuesses) {
    const auto first = publish("a");
    EXPECT_EQ(first.offset, 1u);
    EXPECT_EQ(first.epoch.size(), 16u);
    EXPECT_EQ(publish("b"), (position{first.epoch, 2}));
    EXPECT_EQ(state->publish("other", {.type = "x"}, {}).at, position());
}

TEST_F(History, SaysWhereItIsThenWhatWasMissedThenWhatComes) {
    const auto seen = publish("a");
    publish("b");
    publish("c");
    const auto socket = std::make_shared<recording>();
    const auto anna = join("anna", socket);
    const auto found = state->attach(anna, "room", seen, answer);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->missed, 2u);
    EXPECT_EQ(found->now, (position{seen.epoch, 3}));
    publish("d");
    EXPECT_EQ(socket->received, (strings{"room at 3 recovered", said("b", 2), said("c", 3), said("d", 4)}));
    EXPECT_EQ(socket->offsets, (std::vector<std::uint64_t>{0, 2, 3, 4}));
}

TEST_F(History, SaysThatItCannotBeResumedAndGivesNothingOfIt) {
    const auto seen = publish("1");
    const auto lost = [&](position since) {
        static int n = 0;
        const auto socket = std::make_shared<recording>();
        const auto who = join("client" + std::to_string(++n), socket);
        const auto found = state->attach(who, "room", since, answer);
        return socket->received == strings{"room at " + std::to_string(found->now.offset) + " lost"} &&
               found->recovered == false && found->missed == 0;
    };
    EXPECT_TRUE(lost({"another epoch", 1}));
    EXPECT_TRUE(lost({"", 0}));
    EXPECT_TRUE(lost({seen.epoch, 2})) << "a place that has not been";
    for (const auto* each : {"2", "3", "4"})
        publish(each);
    EXPECT_FALSE(lost({seen.epoch, 1})) << "three are as many as may be recovered";
    publish("5");
    EXPECT_TRUE(lost({seen.epoch, 1})) << "too many";
    publish("6");
    EXPECT_TRUE(lost({seen.epoch, 1})) << "too old";
}

TEST_F(History, DoesNotCallWholeWhatHasBecomeTooOldBeforeItWasSwept) {
    const auto seen = publish("1");
    publish("2");
    time.advance(59s);
    publish("3");
    time.advance(2s); // and nobody has looked since
    const auto socket = std::make_shared<recording>();
    EXPECT_EQ(state->attach(join("anna", socket), "room", seen, answer)->recovered, false);
    EXPECT_EQ(socket->received, strings{"room at 3 lost"});
    const auto other = std::make_shared<recording>();
    EXPECT_EQ(state->attach(join("bert", other), "room", position{seen.epoch, 2}, answer)->recovered, true);
    EXPECT_EQ(other->received, (strings{"room at 3 recovered", said("3", 3)}));
}

TEST_F(History, OfOneMessageGivesTheLatestToWhoeverComesBack) {
    const auto seen = state->publish("price", {.type = "1"}, {}).at;
    state->publish("price", {.type = "2"}, {});
    state->publish("price", {.type = "3"}, {});
    const auto socket = std::make_shared<recording>();
    const auto anna = join("anna", socket);
    const auto latest = std::string(R"({"type":"3","channel":"price","offset":3})");
    EXPECT_EQ(state->attach(anna, "price", seen, answer)->recovered, true);
    EXPECT_EQ(socket->received, (strings{"price at 3 recovered", latest}));
    state->detach(anna, "price");
    state->attach(anna, "price", position{"another epoch", 9}, answer);
    EXPECT_EQ(socket->received.back(), latest);
    state->detach(anna, "price");
    state->attach(anna, "price", position{seen.epoch, 3}, answer);
    EXPECT_EQ(socket->received.back(), "price at 3 recovered") << "it has seen it";
}

TEST_F(History, IsForgottenWithItsChannelAnAgeAfterTheLastMessage) {
    const auto first = publish("a");
    time.advance(59s);
    publish("b");
    time.advance(2s);
    for (std::size_t turn = 0; turn < 8; ++turn)
        state->do_chores(turn);
    const auto room = state->rooms.find("room");
    ASSERT_TRUE(room);
    EXPECT_EQ(room->info(time.steady()).history_messages, 1u);
    EXPECT_EQ(room->info(time.steady()).at.offset, 2u);
    time.advance(58s);
    for (std::size_t turn = 0; turn < 8; ++turn)
        state->do_chores(turn);
    EXPECT_EQ(state->rooms.find("room"), nullptr);
    EXPECT_EQ(state->rooms.size(), 0u);
    EXPECT_NE(publish("c").epoch, first.epoch);
}

TEST_F(History, StaysWhileSomebodyListens) {
    const auto seen = publish("a");
    const auto socket = std::make_shared<recording>();
    const auto anna = join("anna", socket);
    state->attach(anna, "room");
    time.advance(1h);
    for (std::size_t turn = 0; turn < 8; ++turn)
        state->do_chores(turn);
    EXPECT_EQ(publish("b"), (position{seen.epoch, 2}));
}

TEST_F(History, IsReadAsMessages) {
    const auto first = publish("a", {.except = "anna", .key = "k"});
    publish("b");
    publish("c");
    const auto all = loop.get(detail::hub_state::history(state, "room", {}, 2));
    EXPECT_TRUE(all.complete);
    EXPECT_EQ(all.now, (position{first.epoch, 3}));
    ASSERT_EQ(all.messages.size(), 2u);
    EXPECT_EQ(all.messages[0].what, (message{.type = "b", .channel = "room"}));
    EXPECT_EQ(all.messages[1].at, (position{first.epoch, 3}));
    const auto since = loop.get(detail::hub_state::history(state, "room", first, 2));
    EXPECT_TRUE(since.complete);
    EXPECT_EQ(since.messages.size(), 2u);
    const auto too_many = loop.get(detail::hub_state::history(state, "room", position{first.epoch, 0}, 2));
    EXPECT_FALSE(too_many.complete);
    EXPECT_TRUE(too_many.messages.empty());
    EXPECT_FALSE(loop.get(detail::hub_state::history(state, "room", position{"other", 1}, 9)).complete);
    EXPECT_FALSE(loop.get(detail::hub_state::history(state, "keeps none", {}, 9)).complete);
    EXPECT_TRUE(loop.get(detail::hub_state::history(state, "price", {}, 9)).complete);
}

} // namespace
} // namespace infra::realtime::tests
