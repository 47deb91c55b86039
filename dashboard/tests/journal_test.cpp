#include "../src/journal.hpp"

#include <gtest/gtest.h>

namespace {

using infra::dashboard::is_journal;

TEST(Journal, IsTheFileThatItsVariableNames) {
    struct ::stat file{};
    file.st_dev = 9;
    file.st_ino = 65'536;
    EXPECT_TRUE(is_journal("9:65536", file));
    for (const auto* other : {"", "9", "9:", ":65536", "9:65537", "8:65536", "9:65536 ", "09:65536"})
        EXPECT_FALSE(is_journal(other, file)) << other;
}

TEST(Journal, IsNotWhatATestWritesTo) {
    EXPECT_FALSE(infra::dashboard::stderr_is_journal(""));
    EXPECT_FALSE(infra::dashboard::stderr_is_journal("0:0"));
}

} // namespace
