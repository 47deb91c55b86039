#include "realtime/src/redis/names.hpp"

#include <gtest/gtest.h>

#include <set>

namespace infra::realtime::over_redis {
namespace {

const names called("rt");

// What of a key decides its slot (Redis cluster specification).
std::string hash_tag(const std::string& key) {
    const auto open = key.find('{');
    const auto close = open == std::string::npos ? open : key.find('}', open + 1);
    return close == std::string::npos || close == open + 1 ? key : key.substr(open + 1, close - open - 1);
}

const std::string odd_names[] = {
    "room:1", "}", "{", "{}", "}x{", "a}b", "={=", "=", "a:s", "room:1}:s", "\xc3\xa9 x", "}=", "{=x"};

TEST(RedisNames, AreThoseOfTheReadme) {
    EXPECT_EQ(called.channel("room:1"), "rt:{room:1}");
    EXPECT_EQ(called.stream("room:1"), "rt:{room:1}:s");
    EXPECT_EQ(called.place("room:1"), "rt:{room:1}:m");
    EXPECT_EQ(called.once("room:1", "k"), "rt:{room:1}:i:k");
    EXPECT_EQ(called.present("room:1"), "rt:{room:1}:p");
    EXPECT_EQ(called.control(), "rt:control");
    EXPECT_EQ(called.disconnections(), "rt:control:s");
}

TEST(RedisNames, OfAChannelAreInOneSlot) {
    for (const auto& each : odd_names) {
        const auto tag = hash_tag(called.channel(each));
        EXPECT_NE(tag, called.channel(each)) << each;
        EXPECT_EQ(hash_tag(called.stream(each)), tag) << each;
        EXPECT_EQ(hash_tag(called.once(each, "{k}")), tag) << each;
        EXPECT_EQ(hash_tag(called.present(each) + ":n:1"), tag) << each;
    }
}

TEST(RedisNames, AreReadBack) {
    std::set<std::string> all;
    for (const auto& each : odd_names) {
        EXPECT_EQ(called.name_of(called.channel(each)), each);
        EXPECT_TRUE(all.insert(called.channel(each)).second) << each;
    }
    for (const auto* other : {"", "rt", "rt:control", "rt:{}", "rt:{x", "other:{x}", "rt:{}x}", "rt:={=x}"})
        EXPECT_EQ(called.name_of(other), std::nullopt) << other;
}

} // namespace
} // namespace infra::realtime::over_redis
