#include "tests/test_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace infra::app {
namespace {

TEST(TestFolder, IsItsParentsInTheChildOfADeathTest) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const test_folder folder;
    const auto say = [&] {
        std::cerr << folder.path().string();
        std::exit(0);
    };
    EXPECT_EXIT(say(), testing::ExitedWithCode(0), folder.path().string());
}

TEST(TestFolder, IsGoneAtTheEnd) {
    std::filesystem::path path;
    {
        const test_folder folder;
        path = folder.path();
        EXPECT_TRUE(std::filesystem::is_directory(path));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

} // namespace
} // namespace infra::app
