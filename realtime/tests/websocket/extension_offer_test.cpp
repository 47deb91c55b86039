#include "src/websocket/extension_offer.hpp"

#include <gtest/gtest.h>

namespace infra::realtime::websocket {
namespace {

constexpr std::string_view plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

std::string answer(std::string_view offers) {
    const auto terms = accept_deflate(offers);
    return terms ? terms->to_text() : "";
}

TEST(ExtensionOffer, IsAcceptedWithoutContextTakeover) {
    for (const auto* offer : {
             "permessage-deflate",
             " permessage-deflate ",
             "permessage-deflate; client_max_window_bits", // browsers
             "permessage-deflate; client_max_window_bits=15",
             "permessage-deflate;client_max_window_bits=8",
             "permessage-deflate; server_no_context_takeover",
             "permessage-deflate; client_no_context_takeover",
             "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
             "x-webkit-deflate-frame, permessage-deflate",
             "other; parameter=\"value\", permessage-deflate",
             ", ,permessage-deflate,",
         })
        EXPECT_EQ(answer(offer), plain) << offer;
}

TEST(ExtensionOffer, GetsTheWindowThatItAsksFor) {
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=9"),
              std::string(plain) + "; server_max_window_bits=9");
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=\"10\""),
              std::string(plain) + "; server_max_window_bits=10");
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=15"),
              std::string(plain) + "; server_max_window_bits=15");
}

TEST(ExtensionOffer, IsDeclinedWhereItCannotBeKept) {
    for (const auto* offer : {
             "",
             "other",
             "permessage-deflatee",
             "permessage-deflate; unknown",
             "permessage-deflate; unknown=1",
             "permessage-deflate; server_no_context_takeover=1",
             "permessage-deflate; client_no_context_takeover=\"1\"",
             "permessage-deflate; server_max_window_bits",
             "permessage-deflate; server_max_window_bits=7",
             "permessage-deflate; server_max_window_bits=16",
             "permessage-deflate; server_max_window_bits=08",
             "permessage-deflate; server_max_window_bits=1x",
             "permessage-deflate; client_max_window_bits=7",
             "permessage-deflate; client_max_window_bits=99",
             "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
             "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
         })
        EXPECT_EQ(answer(offer), "") << offer;
}

TEST(ExtensionOffer, IsNoneWhereTheHeaderIsMalformed) {
    for (const auto* offer : {
             "permessage-deflate;",
             "permessage-deflate; =1",
             "permessage-deflate; server_max_window_bits=",
             "permessage-deflate; server_max_window_bits=\"10",
             "permessage-deflate; server_max_window_bits=\"\"",
             "permessage-deflate; server_max_window_bits=\"1\\",
             "permessage-deflate permessage-deflate",
             "permessage-deflate, \"",
             "permessage-deflate\x01",
         })
        EXPECT_EQ(answer(offer), "") << offer;
}

TEST(ExtensionOffer, FallsBackToTheNextOne) {
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=99, permessage-deflate"), plain);
    EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=10, permessage-deflate"),
              std::string(plain) + "; server_max_window_bits=10");
}

TEST(DeflateTerms, LetShortMessagesThroughWhereTheClientsWindowIsSmall) {
    EXPECT_TRUE(deflate_terms{}.allow(1 << 20));
    EXPECT_TRUE(deflate_terms{.server_max_window_bits = 15}.allow(1 << 20));
    EXPECT_TRUE(deflate_terms{.server_max_window_bits = 9}.allow(512));
    EXPECT_FALSE(deflate_terms{.server_max_window_bits = 9}.allow(513));
}

} // namespace
} // namespace infra::realtime::websocket
