#include "src/memory/rope.hpp"

#include <infra/storage/error.hpp>

#include <gtest/gtest.h>

namespace infra::storage::memory {
namespace {

std::string text_of(const rope& of) {
    std::string text;
    for (const auto& run : of.runs)
        text += run.view();
    EXPECT_EQ(text.size(), of.size);
    return text;
}

rope written(std::shared_ptr<room> from, std::initializer_list<std::string> pieces) {
    rope_writer made(std::move(from));
    for (const auto& each : pieces)
        made.add(each);
    return made.finish();
}

TEST(Rope, JoinsSmallPiecesAndKeepsLargeOnes) {
    const auto ample = std::make_shared<room>(10u << 20);
    const std::string large(300'000, 'L');
    const auto made = written(ample, {"a", "b", large, "c"});
    EXPECT_EQ(made.runs.size(), 3u);
    EXPECT_EQ(text_of(made), "ab" + large + "c");
}

TEST(Rope, GivesPartsThatCrossRuns) {
    const auto ample = std::make_shared<room>(10u << 20);
    auto made = written(ample, {"abc"});
    made.append(written(ample, {"defg"}));
    made.append(written(ample, {"h"}));
    const std::string whole = "abcdefgh";
    for (std::size_t offset = 0; offset <= whole.size(); ++offset)
        for (std::size_t length = 0; offset + length <= whole.size(); ++length)
            EXPECT_EQ(text_of(made.part(offset, length)), whole.substr(offset, length));
    EXPECT_EQ(made.sum(checksum_kind::crc32c), checksum_of(whole));
}

TEST(Rope, GivesItsRoomBackWithItsLastHolder) {
    const auto small = std::make_shared<room>(10);
    {
        const auto made = written(small, {"123456"});
        EXPECT_EQ(small->left(), 4u);
        const auto part = made.part(1, 2);
        EXPECT_EQ(small->left(), 4u);
        EXPECT_THROW(written(small, {"12345"}), storage_error);
        EXPECT_EQ(small->left(), 4u);
    }
    EXPECT_EQ(small->left(), 10u);
}

} // namespace
} // namespace infra::storage::memory
