#include "support.hpp"

#include <infra/testing/captured_telemetry.hpp>

namespace infra::realtime::websocket {
namespace {

using kind = event::kind;

constexpr frame_marks more{.last = false};

std::string from_client(opcode o, std::string_view payload = {}, frame_marks marks = {}) {
    return make_masked_frame(o, payload, {'a', 'b', 'c', 'd'}, marks);
}

std::string times(std::size_t count, const std::string& frame) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
        all += frame;
    return all;
}

struct flood {
    std::string name;
    std::string before;
    std::string frame;
};

class Floods : public ::testing::TestWithParam<flood> {};

TEST_P(Floods, EndTheConnectionAndAreNotReadToTheEnd) {
    const testing::captured_telemetry told("realtime_");
    service s;
    std::vector<close_code> codes;
    s.at.on_disconnect([&](client_id, close_code code) { codes.push_back(code); });
    auto anna = raw_client::joined(s);
    anna.send(GetParam().before + times(10'000, GetParam().frame));
    EXPECT_EQ(anna.read_to_close(), close_code::too_many_messages);
    EXPECT_TRUE(anna.ends());
    EXPECT_FALSE(anna.was_reset());
    s.turn();
    EXPECT_EQ(codes, std::vector{close_code::too_many_messages});
    for (const auto type : {"ping", "pong"})
        EXPECT_LE(told.counted(std::string("realtime_control_frames_received_total type=") + type), 200);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Floods,
    ::testing::Values(flood{"Pings", "", from_client(opcode::ping)}, flood{"Pongs", "", from_client(opcode::pong)},
                      flood{"EmptyFragments", from_client(opcode::text, "", more),
                            from_client(opcode::continuation, "", more)},
                      flood{"Both", from_client(opcode::text, "{", more),
                            from_client(opcode::ping, "?") + from_client(opcode::continuation, "", more)}),
    [](const auto& info) { return info.param.name; });

TEST(SmallFrames, HaveABudgetLikeThatOfMessagesAndBesideIt) {
    service s({.hub = {.limits = {.messages_per_second = 1, .message_burst = 3}}});
    auto anna = raw_client::joined(s);
    const auto ping = from_client(opcode::ping);
    anna.send(times(3, ping) + times(3, from_client(opcode::text, R"({"type":"ping"})")));
    std::size_t pongs = 0, answers = 0;
    for (const auto& f : anna.read_all())
        f.what == kind::pong ? ++pongs : ++answers;
    EXPECT_EQ(pongs, 3u);
    EXPECT_EQ(answers, 3u);
    s.advance(1s);
    anna.send(ping);
    EXPECT_EQ(anna.read()->what, kind::pong);
    anna.send(ping);
    EXPECT_EQ(anna.read_to_close(), close_code::too_many_messages);
}

TEST(SmallFrames, AtAnOrdinaryRateGoOnForEver) {
    service s;
    auto anna = raw_client::joined(s);
    std::size_t pongs = 0;
    for (int second = 0; second < 60; ++second) {
        anna.send(times(10, from_client(opcode::ping, "?")));
        for (const auto& f : anna.read_all())
            pongs += f.what == kind::pong;
        s.advance(1s);
    }
    EXPECT_EQ(pongs, 600u);
    EXPECT_EQ(s.sockets->connections(), 1u);
}

TEST(SmallFrames, OfAMessageInManyFragmentsAreFew) {
    service s;
    auto anna = raw_client::joined(s);
    anna.send(from_client(opcode::text, "", more) + times(100, from_client(opcode::continuation, "", more)));
    for (const char c : std::string_view(R"({"type":"ping","ref":")"))
        anna.send(from_client(opcode::continuation, std::string(1, c), more));
    anna.send(from_client(opcode::continuation, "1\"}"));
    EXPECT_EQ(raw_client::type_of(anna.read()), "pong");
}

// The one who was told to go may still say something, but not for as long as it may stay.
TEST(SmallFrames, AreCountedWhileTheConnectionCloses) {
    service s;
    auto anna = raw_client::joined(s);
    s.at.disconnect(s.at.get_connected_clients().at(0));
    EXPECT_EQ(anna.read_to_close(), close_code::disconnected);
    anna.send(times(150, from_client(opcode::ping)));
    s.turn();
    anna.send(times(150, from_client(opcode::ping)));
    EXPECT_TRUE(anna.ends());
    EXPECT_FALSE(anna.was_reset());
}

} // namespace
} // namespace infra::realtime::websocket
