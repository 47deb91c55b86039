#include "support.hpp"

namespace infra::realtime::websocket {
namespace {

using kind = event::kind;

std::size_t pings_in(const std::vector<received_frame>& frames) {
    return static_cast<std::size_t>(std::ranges::count(frames, kind::ping, &received_frame::what));
}

// Second by second, as time passes: what comes on the way.
std::vector<received_frame> pass(service& s, raw_client& c, int seconds) {
    std::vector<received_frame> all;
    for (int i = 0; i < seconds; ++i) {
        s.advance(1s);
        for (auto& f : c.read_all())
            all.push_back(std::move(f));
    }
    return all;
}

TEST(Heartbeat, PingsAClientThatIsSilent) {
    service s;
    auto anna = raw_client::joined(s);
    EXPECT_EQ(pings_in(pass(s, anna, 17)), 0u);
    EXPECT_EQ(pings_in(pass(s, anna, 10)), 1u);
}

TEST(Heartbeat, KeepsAClientThatAnswers) {
    service s;
    auto anna = raw_client::joined(s);
    std::size_t pings = 0;
    for (int i = 0; i < 150; ++i)
        for (const auto& f : pass(s, anna, 1))
            if (f.what == kind::ping) {
                ++pings;
                anna.say(opcode::pong, f.bytes);
            }
    EXPECT_GE(pings, 5u);
    EXPECT_LE(pings, 7u);
    EXPECT_EQ(s.sockets->connections(), 1u);
}

TEST(Heartbeat, TakesAnythingForAnAnswer) {
    service s;
    auto anna = raw_client::joined(s);
    for (int i = 0; i < 20; ++i) {
        pass(s, anna, 5);
        anna.say(R"({"type":"ping"})");
    }
    EXPECT_EQ(s.sockets->connections(), 1u);
}

TEST(Heartbeat, EndsAPeerThatNeverAnswers) {
    service s;
    std::vector<close_code> codes;
    s.at.on_disconnect([&](client_id, close_code code) { codes.push_back(code); });
    auto anna = raw_client::joined(s);
    const auto heard = pass(s, anna, 38);
    ASSERT_FALSE(heard.empty());
    EXPECT_EQ(heard.back().what, kind::close);
    EXPECT_EQ(heard.back().code, close_code::no_pong);
    EXPECT_EQ(codes, std::vector{close_code::no_pong});
    EXPECT_EQ(s.sockets->connections(), 0u);
    EXPECT_TRUE(s.at.get_connected_clients().empty());
}

// Its window is full, so that not even the ping leaves: as it is when a cable was pulled.
TEST(Heartbeat, EndsAPeerThatIsFrozen) {
    service s;
    auto frozen = raw_client::joined(s, {}, 2048);
    frozen.subscribe("room:1");
    for (int i = 0; i < 100 && s.at.list_clients().at(0).queued_bytes == 0; ++i) {
        s.at.publish("room:1", {.type = "said", .data = json::value(std::string(64 * 1024, '.'))});
        s.loop.settle();
    }
    ASSERT_GT(s.at.list_clients().at(0).queued_bytes, 0u);
    for (int i = 0; i < 38; ++i)
        s.advance(1s);
    EXPECT_EQ(s.sockets->connections(), 0u);
    EXPECT_TRUE(s.at.get_connected_clients().empty());
}

// The ping lies behind more than it reads in all the time that it has for an answer.
TEST(Heartbeat, KeepsAPeerThatReadsSlowly) {
    service s({.websocket = {.send_buffer = 64 * 1024}});
    auto slow = raw_client::joined(s, {}, 2048);
    slow.subscribe("room:1");
    for (int i = 0; i < 100 && s.at.list_clients().at(0).queued_bytes < 600'000; ++i) {
        s.at.publish("room:1", {.type = "said", .data = json::value(std::string(16 * 1024, '.'))});
        s.loop.settle();
    }
    ASSERT_GE(s.at.list_clients().at(0).queued_bytes, 600'000u);
    for (int i = 0; i < 70; ++i) {
        s.advance(1s);
        slow.read_bytes(10'000);
    }
    EXPECT_GT(s.at.list_clients().at(0).queued_bytes, 0u);
    EXPECT_EQ(s.sockets->connections(), 1u);
}

TEST(Heartbeat, LetsAnIdleServerSleep) {
    service s;
    std::size_t awake = 0;
    {
        const auto anna = raw_client::joined(s);
        s.turn();
        awake = s.time.sleepers();
    }
    s.turn();
    EXPECT_EQ(s.sockets->connections(), 0u);
    EXPECT_EQ(s.time.sleepers(), awake - 1);
    auto again = raw_client::joined(s);
    EXPECT_EQ(pings_in(pass(s, again, 27)), 1u);
}

} // namespace
} // namespace infra::realtime::websocket
