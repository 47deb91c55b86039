#include "src/websocket/handshake_rules.hpp"

#include <gtest/gtest.h>

namespace infra::realtime::websocket {
namespace {

constexpr std::string_view good_key = "dGhlIHNhbXBsZSBub25jZQ==";

http::request make_request(http::headers extra, std::string target = "/ws") {
    return http::request::make({.target = std::move(target), .headers = std::move(extra)});
}

http::headers make_handshake() {
    return {{"Host", "shop.example"},
            {"Upgrade", "websocket"},
            {"Connection", "keep-alive, Upgrade"},
            {"Sec-WebSocket-Key", good_key},
            {"Sec-WebSocket-Version", "13"}};
}

http::headers without(const http::headers& all, std::string_view name) {
    http::headers left;
    for (const auto each : all)
        if (each.name != name)
            left.append(each.name, each.value);
    return left;
}

struct change {
    std::string_view name;
    std::string_view what; ///< the field's value in place of the good one; empty: no such field
    int status;            ///< 0: it is taken
    bool added = false;    ///< beside the good one
};

class Handshakes : public ::testing::TestWithParam<change> {};

TEST_P(Handshakes, AreTakenOrAnsweredWithAReason) {
    const auto& c = GetParam();
    auto fields = make_handshake();
    if (c.added)
        fields.append(c.name, c.what);
    else if (c.what.empty())
        fields = without(fields, c.name);
    else
        fields.set(c.name, c.what);
    const auto answer = refuse_malformed(make_request(std::move(fields)));
    ASSERT_EQ(answer ? answer->status : 0, c.status);
    if (answer)
        EXPECT_NE(answer->body.find("\"message\""), std::string::npos);
    if (c.status == 426) {
        EXPECT_EQ(answer->headers.get("Sec-WebSocket-Version"), "13");
        EXPECT_EQ(answer->headers.get("Upgrade"), "websocket");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Handshakes,
    ::testing::Values(change{"X-Other", "1", 0}, change{"Upgrade", "WebSocket", 0},
                      change{"Upgrade", "h2c, websocket", 0}, change{"Upgrade", "h2c", 426},
                      change{"Upgrade", "websocket2", 426}, change{"Sec-WebSocket-Version", "", 426},
                      change{"Sec-WebSocket-Version", "8", 426}, change{"Sec-WebSocket-Version", "13, 8", 426},
                      change{"Sec-WebSocket-Version", "13", 426, true}, change{"Sec-WebSocket-Key", "", 400},
                      change{"Sec-WebSocket-Key", "dGhl", 400},
                      change{"Sec-WebSocket-Key", "!!!!IHNhbXBsZSBub25jZQ==", 400},
                      change{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==", 400},
                      change{"Sec-WebSocket-Key", good_key, 400, true}));

TEST(Handshake, RefusesForeignPagesAndTakesPrograms) {
    auto fields = make_handshake();
    EXPECT_FALSE(refuse_origin(make_request(fields), {}, true));
    EXPECT_EQ(refuse_origin(make_request(fields), {}, false)->status, 403);
    fields.append("Origin", "https://evil.example");
    EXPECT_EQ(refuse_origin(make_request(fields), {}, true)->status, 403);
    EXPECT_FALSE(refuse_origin(make_request(fields), {"*"}, true));
    fields.set("Origin", "http://shop.example");
    EXPECT_FALSE(refuse_origin(make_request(fields), {}, false));
    fields.append("Origin", "http://shop.example");
    EXPECT_EQ(refuse_origin(make_request(fields), {}, true)->status, 403) << "two are none";
}

TEST(Handshake, SaysWhenToComeBack) {
    const auto answer = refuse_for_now("too_many", "too many", 5);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.headers.get("Retry-After"), "5");
}

TEST(Handshake, TakesTheFirstSubprotocolThatBothName) {
    const std::vector<std::string> ours{"infra.realtime.v2", "infra.realtime.v1"};
    auto fields = make_handshake();
    EXPECT_EQ(choose_subprotocol(make_request(fields), ours), "");
    fields.append("Sec-WebSocket-Protocol", "other, infra.realtime.v1");
    EXPECT_EQ(choose_subprotocol(make_request(fields), ours), "infra.realtime.v1");
    fields.append("Sec-WebSocket-Protocol", "infra.realtime.v2");
    EXPECT_EQ(choose_subprotocol(make_request(fields), ours), "infra.realtime.v2");
    fields.set("Sec-WebSocket-Protocol", "Infra.Realtime.v1");
    EXPECT_EQ(choose_subprotocol(make_request(fields), ours), "") << "case counts";
}

TEST(Handshake, ShowsTheHooksWhoAsksAndKeepsWhatOnlyItselfNeedsToItself) {
    auto fields = make_handshake();
    fields.append("Cookie", "session=s3cret");
    fields.append("Sec-WebSocket-Protocol", "infra.realtime.v1, token.abc");
    const auto shown = describe_handshake(make_request(fields, "/ws?room=1"), "infra.realtime.v1");
    EXPECT_EQ(shown.path, "/ws");
    EXPECT_EQ(shown.query, "room=1");
    EXPECT_EQ(shown.remote_address, "127.0.0.1");
    EXPECT_EQ(shown.subprotocol, "infra.realtime.v1");
    EXPECT_EQ(shown.token, "abc");
    EXPECT_EQ(shown.cookie("session"), "s3cret");
    EXPECT_EQ(shown.headers.get("Sec-WebSocket-Key"), std::nullopt);
    EXPECT_EQ(shown.headers.get("Upgrade"), std::nullopt);
    EXPECT_EQ(shown.headers.get("Host"), "shop.example");
}

} // namespace
} // namespace infra::realtime::websocket
