#include "src/websocket/deflate.hpp"
#include "support.hpp"

#include <infra/testing/captured_telemetry.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

namespace infra::realtime::websocket {
namespace {

using kind = event::kind;

TEST(WebsocketServer, WelcomesAndDelivers) {
    service s;
    raw_client anna(s);
    const auto answer = anna.ask(raw_client::handshake("Sec-WebSocket-Protocol: infra.realtime.v1\r\n"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
    EXPECT_NE(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("Sec-WebSocket-Protocol: infra.realtime.v1\r\n"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("Sec-WebSocket-Extensions"), std::string::npos) << answer;
    EXPECT_EQ(raw_client::type_of(anna.read()), "welcome");
    anna.subscribe("room:1");
    s.at.publish("room:1", {.type = "said", .data = {{"n", 1}}});
    const auto heard = anna.read();
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->bytes, R"({"type":"said","channel":"room:1","data":{"n":1}})");
    EXPECT_EQ(s.sockets->connections(), 1u);
}

TEST(WebsocketServer, KeepsNothingOfHttp) {
    service s;
    const auto anna = raw_client::joined(s);
    s.turn();
    EXPECT_EQ(s.server->connections(), 0u);
    EXPECT_EQ(s.sockets->connections(), 1u);
}

TEST(WebsocketServer, SurvivesTheHttpServer) {
    service s;
    auto anna = raw_client::joined(s);
    anna.subscribe("room:1");
    s.server.reset();
    s.turn();
    s.at.publish("room:1", {.type = "said"});
    EXPECT_EQ(raw_client::type_of(anna.read()), "said");
}

TEST(WebsocketServer, ReadsWhatWasSentRightBehindTheHandshake) {
    service s;
    raw_client anna(s);
    const auto question = make_masked_frame(opcode::text, R"({"type":"ping","ref":"1"})", {'a', 'b', 'c', 'd'});
    EXPECT_TRUE(anna.ask(raw_client::handshake() + question + question.substr(0, 5)).starts_with("HTTP/1.1 101 "));
    EXPECT_EQ(raw_client::type_of(anna.read()), "welcome");
    EXPECT_EQ(raw_client::type_of(anna.read()), "pong");
    anna.send(question.substr(5));
    EXPECT_EQ(raw_client::type_of(anna.read()), "pong");
}

TEST(WebsocketServer, CountsWhoComesAndGoesAndKeepsSecretsToItself) {
    const testing::captured_telemetry told("realtime_");
    {
        service s({.hub = {.authenticate = [](handshake h) -> identity {
                       if (h.token != "t0ken" || h.parameter("key") != "qu3ry")
                           throw std::runtime_error("no");
                       return {.user = "anna"};
                   }}});
        raw_client stranger(s);
        EXPECT_TRUE(stranger.ask(raw_client::handshake("Cookie: c00kie=1\r\n")).starts_with("HTTP/1.1 401 "));
        raw_client anna(s);
        EXPECT_TRUE(anna.ask(raw_client::handshake("Sec-WebSocket-Protocol: token.t0ken\r\nCookie: c00kie=1\r\n",
                                                   "/ws?key=qu3ry"))
                        .starts_with("HTTP/1.1 101 "));
        EXPECT_EQ(raw_client::type_of(anna.read()), "welcome");
        EXPECT_EQ(told.counted("realtime_connections"), 1);
        anna.say_close(1000);
        EXPECT_TRUE(anna.ends());
        anna.vanish();
        s.turn();
    }
    EXPECT_EQ(told.counted("realtime_connections"), 0);
    EXPECT_EQ(told.counted("realtime_queue_bytes"), 0);
    EXPECT_EQ(told.counted("realtime_handshakes_total result=accepted"), 1);
    EXPECT_EQ(told.counted("realtime_handshakes_total result=refused"), 1);
    EXPECT_EQ(told.counted("realtime_control_frames_received_total type=close"), 1);
    EXPECT_EQ(told.counted("realtime_closes_total code=normal"), 1);
    for (const auto secret : {"t0ken", "qu3ry", "c00kie"})
        EXPECT_EQ(told.everything().find(secret), std::string::npos) << secret << " in\n" << told.everything();
}

// --- What is refused -------------------------------------------------------------------------------------------------

struct refusal_case {
    std::string request;
    std::string_view status;
    std::string_view word; ///< in the answer
};

class RefusedHandshakes : public ::testing::TestWithParam<refusal_case> {};

TEST_P(RefusedHandshakes, AreAnsweredInHttp) {
    service s;
    raw_client c(s);
    const auto answer = c.ask(GetParam().request);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(GetParam().status))) << answer;
    EXPECT_NE(answer.find(GetParam().word), std::string::npos) << answer;
    EXPECT_EQ(s.sockets->connections(), 0u);
}

std::string changed(std::string_view what, std::string_view into) {
    auto request = raw_client::handshake();
    request.replace(request.find(what), what.size(), into);
    return request;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedHandshakes,
    ::testing::Values(
        refusal_case{changed("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), "400", "Sec-WebSocket-Key"},
        refusal_case{changed("dGhlIHNhbXBsZSBub25jZQ==", "short"), "400", "16 bytes"},
        refusal_case{changed("Version: 13", "Version: 12"), "426", "Sec-WebSocket-Version: 13"},
        refusal_case{changed("Upgrade: websocket\r\nConnection: Upgrade\r\n", ""), "426", "upgrade_required"},
        refusal_case{changed("HTTP/1.1", "HTTP/1.0"), "426", "upgrade_required"},
        refusal_case{changed("GET", "POST"), "405", "Allow"},
        refusal_case{raw_client::handshake("Origin: https://evil.example\r\n"), "403", "foreign_origin"},
        refusal_case{raw_client::handshake("Origin: null\r\n"), "403", "foreign_origin"},
        refusal_case{raw_client::handshake({}, "/other"), "404", "not_found"}));

TEST(WebsocketServer, AnswersHttpOnTheSameConnectionAfterARefusal) {
    service s;
    raw_client c(s);
    EXPECT_TRUE(c.ask(raw_client::handshake("Origin: https://evil.example\r\n")).starts_with("HTTP/1.1 403 "));
    EXPECT_TRUE(c.ask(raw_client::handshake("Origin: http://shop.example\r\n")).starts_with("HTTP/1.1 101 "));
}

TEST(WebsocketServer, LetsInWhomTheHookKnows) {
    service s({.hub = {.authenticate = [](handshake h) -> identity {
                   if (h.cookie("session") != "s3cret")
                       throw std::runtime_error("no such session");
                   return {.user = "anna"};
               }}});
    raw_client stranger(s);
    const auto answer = stranger.ask(raw_client::handshake("Cookie: session=wrong\r\n"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << answer;
    EXPECT_EQ(answer.find("no such session"), std::string::npos) << answer;
    const auto anna = raw_client::joined(s, "Cookie: session=s3cret\r\n");
    EXPECT_EQ(s.at.list_clients().at(0).user, "anna");
}

TEST(WebsocketServer, LetsNobodyStayWhoWasDisconnectedWhileTheHandshakeWasAnswered) {
    bool proved = false;
    service s({.hub = {.authenticate = [&](handshake) { return proved = true, identity{.user = "anna"}; }}});
    raw_client late(s);
    late.send(raw_client::handshake());
    while (!proved) {
        s.loop.io.restart();
        s.loop.io.poll_one();
    }
    ASSERT_EQ(s.sockets->connections(), 0u) << "the 101 has not left yet";
    EXPECT_EQ(s.at.disconnect_user("anna"), 0u);
    const auto answer = late.ask({});
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << "it was proved before: " << answer;
    EXPECT_EQ(late.read_to_close(), close_code::disconnected);
    EXPECT_TRUE(s.at.get_connected_clients().empty());
}

TEST(WebsocketServer, HasNoMoreClientsThanTheHubAllows) {
    service s({.hub = {.limits = {.max_clients = 1}}});
    const auto anna = raw_client::joined(s);
    raw_client late(s);
    const auto answer = late.ask(raw_client::handshake());
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    EXPECT_NE(answer.find("Retry-After: "), std::string::npos) << answer;
}

TEST(WebsocketServer, ClosesOneThatIsTooManyForItsUser) {
    service s({.hub = {.limits = {.max_clients_per_user = 1},
                       .authenticate = [](handshake) { return identity{.user = "anna"}; }}});
    const auto first = raw_client::joined(s);
    raw_client second(s);
    EXPECT_TRUE(second.ask(raw_client::handshake()).starts_with("HTTP/1.1 101 "));
    EXPECT_EQ(second.read_to_close(), close_code::too_many_connections);
    second.say_close(4503);
    EXPECT_TRUE(second.ends());
    second.vanish();
    s.turn();
    EXPECT_EQ(s.sockets->connections(), 1u);
}

TEST(WebsocketServer, BoundsHandshakesASecond) {
    service s({.websocket = {.handshakes_per_second = 20}});
    std::vector<raw_client> all;
    for (int i = 0; i < 2; ++i)
        all.push_back(raw_client::joined(s));
    raw_client late(s);
    const auto answer = late.ask(raw_client::handshake());
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    EXPECT_NE(answer.find("Retry-After: 1"), std::string::npos) << answer;
    s.advance(1s);
    EXPECT_TRUE(late.ask(raw_client::handshake()).starts_with("HTTP/1.1 101 "));
}

TEST(WebsocketServer, EndsAHandshakeThatNeverComes) {
    service s;
    raw_client slow(s);
    slow.send(raw_client::handshake().substr(0, 60));
    s.advance(13s);
    EXPECT_TRUE(slow.ends());
    EXPECT_TRUE(slow.unread().starts_with("HTTP/1.1 408 ")) << slow.unread();
}

TEST(WebsocketServer, RefusesOptionsThatMakeNoSense) {
    const hub at;
    const auto message = [&](websocket_options o) {
        try {
            const websocket_server made(at, std::move(o));
            return std::string("taken");
        } catch (const std::invalid_argument& e) {
            return std::string(e.what());
        }
    };
    EXPECT_EQ(message({}), "taken");
    EXPECT_TRUE(message({.origins = {"shop"}}).starts_with("websocket_options::origins"));
    EXPECT_TRUE(message({.subprotocols = {"a b"}}).starts_with("websocket_options::subprotocols"));
    EXPECT_TRUE(message({.ping = 0ms}).starts_with("websocket_options::ping"));
    EXPECT_TRUE(message({.pong = 0ms}).starts_with("websocket_options::pong"));
    EXPECT_TRUE(message({.close = 0ms}).starts_with("websocket_options::close"));
    EXPECT_TRUE(message({.max_inflation = 0.5}).starts_with("websocket_options::max_inflation"));
    EXPECT_TRUE(message({.handshakes_per_second = 0}).starts_with("websocket_options::handshakes_per_second"));
    EXPECT_TRUE(message({.drain_batch = 0}).starts_with("websocket_options::drain_batch"));
}

// --- The protocol beneath --------------------------------------------------------------------------------------------

TEST(WebsocketPeer, AnswersEachPing) {
    service s;
    auto anna = raw_client::joined(s);
    std::string pings;
    for (char c = '0'; c <= '9'; ++c)
        pings += make_masked_frame(opcode::ping, std::string(1, c), {'a', 'b', 'c', 'd'});
    anna.send(pings);
    for (char c = '0'; c <= '9'; ++c) {
        const auto f = anna.read();
        ASSERT_TRUE(f);
        EXPECT_EQ(f->what, kind::pong);
        EXPECT_EQ(f->bytes, std::string(1, c));
    }
}

TEST(WebsocketPeer, OwesAFloodOfPingsOnePong) {
    service s;
    auto anna = raw_client::joined(s, {}, 2048);
    anna.subscribe("room:1");
    const std::string big(64 * 1024, '.');
    for (int i = 0; i < 100 && s.at.list_clients().at(0).queued_bytes == 0; ++i) {
        s.at.publish("room:1", {.type = "said", .data = json::value(big)});
        s.turn();
    }
    const auto waiting = s.at.list_clients().at(0).queued_bytes;
    ASSERT_GT(waiting, 0u);
    const std::string padding(110, '.');
    for (int i = 0; i < 180; ++i)
        anna.say(opcode::ping, padding + std::to_string(i));
    s.turn();
    EXPECT_LE(s.at.list_clients().at(0).queued_bytes, waiting + 9 * 1024);
    std::optional<received_frame> last;
    std::size_t pongs = 0;
    for (const auto& f : anna.read_all())
        if (f.what == kind::pong) {
            ++pongs;
            last = f;
        }
    ASSERT_TRUE(last);
    EXPECT_EQ(last->bytes, padding + "179");
    EXPECT_LT(pongs, 180u);
}

TEST(WebsocketPeer, EchoesACloseAndEndsWithoutAReset) {
    service s;
    auto anna = raw_client::joined(s);
    anna.say_close(3001);
    const auto f = anna.read();
    ASSERT_TRUE(f);
    EXPECT_EQ(f->what, kind::close);
    EXPECT_EQ(static_cast<int>(f->code), 3001);
    EXPECT_TRUE(anna.ends());
    EXPECT_FALSE(anna.was_reset());
    EXPECT_TRUE(s.at.get_connected_clients().empty());
    anna.vanish();
    s.turn();
    EXPECT_EQ(s.sockets->connections(), 0u);
}

TEST(WebsocketPeer, WaitsForTheLastByteOfWhomItClosesButNotForEver) {
    service s;
    auto anna = raw_client::joined(s);
    s.at.disconnect(s.at.get_connected_clients().at(0), close_code::disconnected, "bye");
    const auto f = anna.read();
    ASSERT_TRUE(f);
    EXPECT_EQ(f->what, kind::close);
    EXPECT_EQ(f->code, close_code::disconnected);
    EXPECT_EQ(f->bytes, "bye");
    s.advance(4s);
    EXPECT_EQ(s.sockets->connections(), 1u);
    s.advance(3s);
    EXPECT_EQ(s.sockets->connections(), 0u);
    EXPECT_TRUE(anna.ends());
}

TEST(WebsocketPeer, EndsWhenBothHaveClosed) {
    service s;
    auto anna = raw_client::joined(s);
    s.at.disconnect(s.at.get_connected_clients().at(0));
    EXPECT_EQ(anna.read_to_close(), close_code::disconnected);
    anna.say_close(4505);
    EXPECT_TRUE(anna.ends());
    EXPECT_FALSE(anna.was_reset());
    anna.vanish();
    s.turn();
    EXPECT_EQ(s.sockets->connections(), 0u);
}

TEST(WebsocketPeer, FailsAConnectionWithTheCodeThatFits) {
    service s;
    auto unmasked = raw_client::joined(s);
    unmasked.send(make_frame(opcode::text, "{}"));
    EXPECT_EQ(unmasked.read_to_close(), close_code::protocol_error);
    unmasked.send(std::string(1'000'000, 'x')); // in vain, and without a reset that could overtake the close frame
    EXPECT_TRUE(unmasked.ends());

    auto binary = raw_client::joined(s);
    binary.say(opcode::binary, "{}");
    EXPECT_EQ(binary.read_to_close(), close_code::unsupported_data);

    auto long_winded = raw_client::joined(s);
    long_winded.send(make_masked_frame(opcode::text, std::string(70'000, '.'), {'a', 'b', 'c', 'd'}));
    EXPECT_EQ(long_winded.read_to_close(), close_code::too_big);
}

TEST(WebsocketPeer, NoticesWhoHasGoneWithoutAWord) {
    service s;
    std::vector<close_code> codes;
    s.at.on_disconnect([&](client_id, close_code code) { codes.push_back(code); });
    {
        const auto anna = raw_client::joined(s);
    }
    s.turn();
    EXPECT_EQ(codes, std::vector{close_code::abnormal});
    EXPECT_EQ(s.sockets->connections(), 0u);
}

// --- Compression -----------------------------------------------------------------------------------------------------

TEST(WebsocketPeer, CompressesWhatIsWorthIt) {
    service s({.hub = {.channels = {{"secret", {.compress = false}}}}});
    raw_client anna(s);
    const auto answer =
        anna.ask(raw_client::handshake("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"));
    EXPECT_NE(answer.find("Sec-WebSocket-Extensions: permessage-deflate"), std::string::npos) << answer;
    EXPECT_EQ(raw_client::type_of(anna.read()), "welcome");
    anna.subscribe("room:1");
    anna.subscribe("secret");
    const auto bytes_of = [&](std::string_view channel, std::size_t size) {
        s.at.publish(channel, {.type = "said", .data = json::value(std::string(size, '.'))});
        s.turn();
        anna.collect();
        const auto bytes = anna.unread().size();
        const auto f = anna.read();
        EXPECT_NE(f->bytes.find(std::string(size, '.')), std::string::npos);
        return bytes;
    };
    EXPECT_LT(bytes_of("room:1", 1000), 200u);
    EXPECT_GT(bytes_of("room:1", 100), 100u) << "too short";
    EXPECT_GT(bytes_of("secret", 1000), 1000u) << "not on this channel";
}

// Hears of a message before the sockets do, and compresses it to something else.
struct first_to_compress final : connection {
    void send(const frame& f) override {
        f.encoded(frame::encoding::deflated, +[](const frame&) { return make_deflated_frame(std::string(300, 'x')); });
    }
    void close(close_code, std::string_view) override {}
};

TEST(WebsocketPeer, SendsTheOneCompressionThatAllShare) {
    service s;
    std::vector<raw_client> all;
    for (int i = 0; i < 3; ++i) {
        all.push_back(raw_client::joined(s, "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        all.back().subscribe("room:1");
    }
    s.at.register_client("first", std::make_shared<first_to_compress>());
    s.at.subscribe("room:1", "first");
    s.at.publish("room:1", {.type = "said", .data = json::value(std::string(1000, '.'))});
    for (auto& each : all) {
        const auto f = each.read();
        ASSERT_TRUE(f);
        EXPECT_EQ(f->bytes, std::string(300, 'x'));
    }
}

TEST(WebsocketPeer, CompressesNothingWhereItIsOff) {
    service s({.websocket = {.compression = false}});
    raw_client anna(s);
    const auto answer = anna.ask(raw_client::handshake("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 "));
    EXPECT_EQ(answer.find("Sec-WebSocket-Extensions"), std::string::npos) << answer;
}

} // namespace
} // namespace infra::realtime::websocket
