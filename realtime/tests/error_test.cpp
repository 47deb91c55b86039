#include <infra/realtime/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::realtime {
namespace {

TEST(RealtimeError, NamesEveryCloseCode) {
    for (std::uint16_t code = 1000; code <= 4506; ++code) {
        const bool ours = (code >= 4000 && code <= 4004) || code >= 4500;
        if (ours || code == 1000 || code == 1006 || code == 1013)
            EXPECT_NE(to_string(static_cast<close_code>(code)), "other") << code;
        if (code == 4005 || code == 3000)
            EXPECT_EQ(to_string(static_cast<close_code>(code)), "other") << code;
        if (code == 4004)
            code = 4499;
    }
}

TEST(RealtimeError, TellsClientsAfterWhichCodesToComeBack) {
    for (const auto code : {1001, 1005, 1006, 1011, 1012, 1013, 4000, 4001, 4002, 4003, 4004, 4499})
        EXPECT_TRUE(may_reconnect(static_cast<close_code>(code))) << code;
    for (const auto code : {1000, 1002, 1003, 1007, 1008, 1009, 3000, 4500, 4501, 4505, 4999})
        EXPECT_FALSE(may_reconnect(static_cast<close_code>(code))) << code;
}

TEST(RealtimeError, KnowsWhichCodesMayBeSent) {
    for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999})
        EXPECT_TRUE(is_sendable(static_cast<std::uint16_t>(code))) << code;
    for (const int code : {0, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
        EXPECT_FALSE(is_sendable(static_cast<std::uint16_t>(code))) << code;
}

TEST(RealtimeError, CarriesTheNameThatTheClientGets) {
    const failure sold_out("sold_out", "no seats are left");
    EXPECT_EQ(sold_out.name(), "sold_out");
    EXPECT_EQ(sold_out.code(), errc::failed);
    EXPECT_STREQ(sold_out.what(), "no seats are left");
    for (int code = 1; code <= static_cast<int>(errc::bad_token); ++code)
        EXPECT_NE(make_error_code(static_cast<errc>(code)).message(), "unknown");
}

} // namespace
} // namespace infra::realtime
