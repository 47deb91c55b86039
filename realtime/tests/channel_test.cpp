#include <infra/realtime/channel.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::realtime {
namespace {

TEST(Channel, TakesTheFirstRuleThatFits) {
    const std::vector<channel_rule> rules{{"room:lobby", {.history = {.size = 1}}},
                                          {"room:*", {.history = {.size = 2}}},
                                          {"price*", {.on_overflow = overflow::keep_latest}}};
    EXPECT_EQ(options_for(rules, "room:lobby").history.size, 1u);
    EXPECT_EQ(options_for(rules, "room:lobby2").history.size, 2u);
    EXPECT_EQ(options_for(rules, "room:").history.size, 2u);
    EXPECT_EQ(options_for(rules, "room").history.size, 0u);
    EXPECT_EQ(options_for(rules, "prices").on_overflow, overflow::keep_latest);
    EXPECT_EQ(options_for(rules, "other").on_overflow, overflow::close);
}

TEST(Channel, KnowsWhatIsAName) {
    EXPECT_TRUE(is_channel_name("room:1"));
    EXPECT_TRUE(is_channel_name("raum \xc3\xbc"));
    EXPECT_TRUE(is_channel_name(std::string(255, 'a')));
    EXPECT_FALSE(is_channel_name(std::string(256, 'a')));
    EXPECT_FALSE(is_channel_name(""));
    EXPECT_FALSE(is_channel_name("a\nb"));
    EXPECT_FALSE(is_channel_name(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_channel_name("a\x7f"));
    EXPECT_FALSE(is_channel_name("\xff"));
}

} // namespace
} // namespace infra::realtime
