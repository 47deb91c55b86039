#include "src/session/handshake.hpp"

#include <gtest/gtest.h>

namespace infra::realtime {
namespace {

TEST(Handshake, FindsCookies) {
    const handshake from{.headers = {{"cookie", "a=1; session=\"x=y\" ;empty="}, {"Cookie", "late=2;a=3"}}};
    EXPECT_EQ(from.cookie("a"), "1");
    EXPECT_EQ(from.cookie("session"), "x=y");
    EXPECT_EQ(from.cookie("empty"), "");
    EXPECT_EQ(from.cookie("late"), "2");
    EXPECT_EQ(from.cookie("sess"), std::nullopt);
    EXPECT_EQ(from.cookie("Session"), std::nullopt);
    EXPECT_EQ(from.cookie(""), std::nullopt);
    EXPECT_EQ(handshake{}.cookie("a"), std::nullopt);
}

TEST(Handshake, FindsParametersOfItsQuery) {
    const handshake from{.query = "room=a%20b+c&x&&tok%65n=t&room=2&bad=%zz"};
    EXPECT_EQ(from.parameter("room"), "a b c");
    EXPECT_EQ(from.parameter("x"), "");
    EXPECT_EQ(from.parameter("token"), "t");
    EXPECT_EQ(from.parameter("bad"), std::nullopt);
    EXPECT_EQ(from.parameter("none"), std::nullopt);
}

std::string token_of(handshake from) {
    detail::find_token(from);
    return from.token;
}

TEST(Handshake, TakesItsTokenFromTheSubprotocols) {
    EXPECT_EQ(token_of({.headers = {{"sec-websocket-protocol", "infra.realtime.v1, token.abc.def"}}}), "abc.def");
    EXPECT_EQ(token_of({.headers = {{"sec-websocket-protocol", "infra.realtime.v1"},
                                    {"sec-websocket-protocol", "token.x ,token.y"}}}),
              "x");
    EXPECT_EQ(token_of({.subprotocol = "token.abc"}), "abc");
    EXPECT_EQ(token_of({.headers = {{"sec-websocket-protocol", "token.abc"}}, .token = "mine"}), "mine");
    EXPECT_EQ(token_of({.headers = {{"sec-websocket-protocol", "tokens.abc, a.token.b"}}}), "");
}

TEST(Handshake, KeepsNoTokenWhereItIsShown) {
    handshake from{.subprotocol = "token.secret"};
    detail::find_token(from);
    EXPECT_EQ(from.subprotocol, "");
}

} // namespace
} // namespace infra::realtime
