#include <infra/realtime/signed_channel.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace infra::realtime {
namespace {

using namespace std::chrono_literals;
using enum signature_verdict;

const std::string key = "0123456789abcdef";
const std::string other_key = "fedcba9876543210";
constexpr wall_time new_year{std::chrono::seconds(1767225600)}; // 2026-01-01

signature_verdict check(std::string_view channel, std::string_view user, std::string_view token, wall_time now = {},
                        std::vector<std::string> keys = {key}) {
    return check_channel(channel, user, token, keys, now);
}

// Made with Python's hmac from the text that the header documents.
TEST(SignedChannel, IsWhatTheHeaderSays) {
    EXPECT_EQ(sign_channel("orders:17", key, {.user = "anna", .expires_at = new_year}),
              "v1.1767225600.GckSeQHweX9bDb25xb4dPwd-YMqbSWp2v5rpgFX6GLQ");
    EXPECT_EQ(sign_channel("orders:17", key), "v1..Rs7zmjoqiDDq0fOZOUoxfrvO5SdFqeVJU6TyfmPv_n0");
    EXPECT_EQ(sign_channel("gr\xc3\xb6\xc3\x9f"
                           "e",
                           key, {.expires_at = wall_time(4102444800s)}),
              "v1.4102444800.lkAoegmeG-cv05w9U5-gV1JPP_pgvUle3E3gwjMsCVY");
}

TEST(SignedChannel, OpensThisChannelToThisUserUntilThen) {
    const auto token = sign_channel("orders:17", key, {.user = "anna", .expires_at = new_year + 900ms});
    EXPECT_EQ(check("orders:17", "anna", token, new_year - 1ns), good);
    EXPECT_EQ(check("orders:17", "anna", token, new_year), expired);
    EXPECT_EQ(check("orders:18", "anna", token), wrong);
    EXPECT_EQ(check("orders:17", "bert", token), wrong);
    EXPECT_EQ(check("orders:17", "", token), wrong);
    EXPECT_EQ(check("orders:18", "anna", token, new_year), wrong);
}

TEST(SignedChannel, WithoutAUserOpensToWhoeverHasIt) {
    const auto token = sign_channel("orders:17", key);
    EXPECT_EQ(check("orders:17", "", token, new_year), good);
    EXPECT_EQ(check("orders:17", "anna", token, new_year), good);
    EXPECT_EQ(check("orders:1", "7", token), wrong);
}

TEST(SignedChannel, TakesAnyOfTheKeys) {
    const auto token = sign_channel("c", key);
    EXPECT_EQ(check("c", "", token, {}, {other_key, key}), good);
    EXPECT_EQ(check("c", "", token, {}, {other_key}), wrong);
    EXPECT_EQ(check("c", "", token, {}, {}), wrong);
}

TEST(SignedChannel, IsNotChangedUnnoticed) {
    const auto token = sign_channel("c", key, {.expires_at = new_year});
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = changed[i] == '1' ? '2' : '1';
        EXPECT_NE(check("c", "", changed, {}), good) << i;
    }
    EXPECT_EQ(check("c", "", "v1.1767225601" + token.substr(13), {}), wrong);
    EXPECT_EQ(check("c", "", "v1." + token.substr(13), {}), wrong);
}

TEST(SignedChannel, IsMalformedWhereItIsNoToken) {
    const auto token = sign_channel("c", key);
    for (const auto& bad :
         {std::string(), std::string("v1"), std::string("v1."), std::string("v1.."), "v2" + token.substr(2),
          token + "A", token + "=", token.substr(0, token.size() - 1), "v1.-5" + token.substr(3),
          "v1.5x" + token.substr(3), std::string(60'000, 'v'), "v1." + std::string(30'000, '9') + token.substr(3)})
        EXPECT_EQ(check("c", "", bad), malformed) << bad.substr(0, 80);
    EXPECT_EQ(check("", "", token), malformed);
    EXPECT_EQ(check("c\n", "", token), malformed);
}

TEST(SignedChannel, MayEndAfterAllTime) {
    EXPECT_EQ(check("c", "", sign_channel("c", key, {.expires_at = wall_time::max()}), new_year), good);
    EXPECT_EQ(check("c", "", sign_channel("c", key, {.expires_at = wall_time::min()}), new_year), expired);
}

TEST(SignedChannel, RefusesToSignWithAWeakKeyOrForNoName) {
    EXPECT_THROW(sign_channel("c", "0123456789abcde"), std::invalid_argument);
    EXPECT_THROW(sign_channel("", key), std::invalid_argument);
    EXPECT_THROW(sign_channel("a\nb", key), std::invalid_argument);
    EXPECT_THROW(sign_channel("\xff", key), std::invalid_argument);
}

} // namespace
} // namespace infra::realtime
