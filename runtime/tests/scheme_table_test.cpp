#include <infra/runtime/scheme_table.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace infra {
namespace {

using table = scheme_table<std::function<std::string(std::string_view)>>;

std::string of_file(std::string_view url) { return "a file at " + std::string(url); }
std::string of_another(std::string_view url) { return "another at " + std::string(url); }

TEST(SchemeOf, IsWhatStandsBeforeTheFirstColon) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"redis://host:6379", "redis"},
        {"s3+http://h/b", "s3+http"},
        {"memory:", "memory"},
        {":x", ""},
        {"var/storage", ""},
        {"", ""},
    };
    for (const auto& [url, scheme] : cases)
        EXPECT_EQ(scheme_of(url), scheme) << url;
}

TEST(SchemeTable, FindsWhatItKnowsOfItselfAndWhatWasAdded) {
    table known{{{"file", of_file}}};
    EXPECT_TRUE(known.add("other", of_another));
    EXPECT_EQ(known.find("file")("x"), "a file at x");
    EXPECT_EQ(known.find("other")("y"), "another at y");
    EXPECT_TRUE(known.knows("other"));
}

TEST(SchemeTable, FindsNothingForWhatNobodyAdded) {
    const table known({{"file", of_file}});
    for (const auto* const scheme : {"", "fil", "files", "File"}) {
        EXPECT_FALSE(known.find(scheme)) << scheme;
        EXPECT_FALSE(known.knows(scheme)) << scheme;
    }
}

TEST(SchemeTable, TakesTheLastOfAScheme) {
    table known({{"file", of_file}});
    known.add("file", of_another);
    EXPECT_EQ(known.find("file")("x"), "another at x");
}

TEST(SchemeTable, NamesAllInOrder) {
    table known({{"memory", of_file}, {"file", of_file}});
    EXPECT_EQ(known.names(), "file:, memory:");
    known.add("s3", of_file);
    EXPECT_EQ(known.names(), "file:, memory:, s3:");
    EXPECT_EQ(table({}).names(), "");
}

TEST(SchemeTable, LetsAFactoryLookIntoTheTable) {
    table known({{"file", of_file}});
    known.add("both", [&known](std::string_view url) { return known.find("file")(url) + ", and more"; });
    EXPECT_EQ(known.find("both")("x"), "a file at x, and more");
}

TEST(SchemeTable, IsReadWhileOthersAdd) {
    table known({{"file", of_file}});
    std::vector<std::thread> threads;
    std::atomic<int> found{0};
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            for (int n = 0; n < 100; ++n) {
                known.add("s" + std::to_string(i) + "-" + std::to_string(n), of_another);
                found += known.find("file") ? 1 : 0;
            }
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(found, 400);
    EXPECT_TRUE(known.knows("s3-99"));
}

} // namespace
} // namespace infra
