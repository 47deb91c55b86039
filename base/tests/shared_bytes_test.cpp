#include <infra/base/shared_bytes.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace infra {
namespace {

const std::string long_text(1000, 'x');

TEST(SharedBytes, TakeAStringWithoutCopyingIt) {
    auto text = long_text;
    const auto* const where = text.data();
    const shared_bytes bytes(std::move(text));
    EXPECT_EQ(bytes.data(), where);
    EXPECT_EQ(bytes.view(), long_text);
    EXPECT_EQ(bytes.size(), 1000u);
}

TEST(SharedBytes, ShareWhatTheyCopy) {
    const shared_bytes bytes(long_text);
    const auto copy = bytes;
    EXPECT_EQ(copy.data(), bytes.data());
    EXPECT_EQ(copy, bytes);
}

TEST(SharedBytes, LiveAsLongAsAPartOfThem) {
    shared_bytes tail;
    {
        const shared_bytes bytes("hello, world, in more bytes than a string keeps within itself");
        tail = bytes.from(7, 5);
    }
    EXPECT_EQ(tail.view(), "world");
}

TEST(SharedBytes, GiveThePartThatIsThere) {
    const shared_bytes bytes("0123456789");
    EXPECT_EQ(bytes.from(0).view(), "0123456789");
    EXPECT_EQ(bytes.from(8).view(), "89");
    EXPECT_EQ(bytes.from(8, 100).view(), "89");
    EXPECT_TRUE(bytes.from(10).empty());
    EXPECT_THROW(bytes.from(11), std::out_of_range);
}

TEST(SharedBytes, KeepTheOwnerOfForeignBytesAlive) {
    auto owner = std::make_shared<std::string>(long_text);
    const std::weak_ptr<std::string> alive(owner);
    const std::string_view view(*owner);
    {
        const shared_bytes bytes(std::move(owner), view);
        const auto part = bytes.from(1);
        EXPECT_FALSE(alive.expired());
    }
    EXPECT_TRUE(alive.expired());
}

TEST(SharedBytes, AreEqualByWhatTheySay) {
    EXPECT_EQ(shared_bytes("a"), shared_bytes(std::string_view("a")));
    EXPECT_FALSE(shared_bytes("a") == shared_bytes("b"));
    EXPECT_EQ(shared_bytes(), shared_bytes(""));
    EXPECT_TRUE(shared_bytes().empty());
}

} // namespace
} // namespace infra
