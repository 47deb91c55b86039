#include "src/slot.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infra::redis::detail {
namespace {

TEST(RedisSlot, IsWhatTheSpecificationAndServersSay) {
    const std::pair<std::string_view, int> cases[] = {
        {"123456789", 0x31c3}, // the specification's own vector
        {"", 0},
        {"foo", 12182},
        {"bar", 5061},
        {"hello", 866},
        {"somekey", 11058},
        {"foo{hash_tag}", 2515},
        {"\xff", 7920},
    };
    for (const auto& [key, slot] : cases)
        EXPECT_EQ(slot_of(key), slot) << key;
    EXPECT_EQ(slot_of(std::string_view("a\0b", 3)), slot_of(std::string("a\0b", 3)));
    EXPECT_NE(slot_of(std::string_view("a\0b", 3)), slot_of("a"));
}

TEST(RedisSlot, TakesTheFirstTagThatIsNotEmpty) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"{user1000}.following", "user1000"},
        {"{user1000}.followers", "user1000"},
        {"foo{}{bar}", "foo{}{bar}"},
        {"foo{{bar}}zap", "{bar"},
        {"foo{bar}{zap}", "bar"},
        {"foo{bar", "foo{bar"},
        {"foo}bar{", "foo}bar{"},
        {"{", "{"},
        {"", ""},
    };
    for (const auto& [key, tag] : cases)
        EXPECT_EQ(hash_tag(key), tag) << key;
}

} // namespace
} // namespace infra::redis::detail
