#include "src/logs/level_changes.hpp"

#include <infra/logging/pipeline.hpp>

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

const auto begin = from_unix_ms(1'767'225'600'000);

struct level_changes_test : ::testing::Test {
    logging::pipeline out{{.outputs = {{.to = std::make_shared<logging::memory_sink>()}},
                           .levels = logging::parse_levels("info,db=warn").rules,
                           .synchronous = true}};
    bool says(level l, std::string_view module) const { return out.enabled(l, module); }
};

TEST_F(level_changes_test, GoBackByThemselves) {
    level_changes changes(out);
    EXPECT_TRUE(changes.change({.module = "db", .to = level::debug, .until = begin + 10min}));
    EXPECT_TRUE(changes.change({.module = "", .to = level::error, .until = begin + 5min}));
    EXPECT_TRUE(says(level::debug, "db"));
    EXPECT_FALSE(says(level::warn, "web"));
    changes.expire(begin + 5min);
    EXPECT_TRUE(says(level::debug, "db"));
    EXPECT_TRUE(says(level::info, "web"));
    changes.expire(begin + 10min);
    EXPECT_FALSE(says(level::info, "db"));
    EXPECT_TRUE(changes.now().empty());
}

TEST_F(level_changes_test, LaterCountsForTheSameModule) {
    level_changes changes(out);
    changes.change({.module = "db", .to = level::debug, .until = begin + 1min});
    changes.change({.module = "db", .to = level::error, .until = begin + 2min});
    EXPECT_EQ(changes.now().size(), 1U);
    EXPECT_FALSE(says(level::warn, "db"));
    changes.undo();
    EXPECT_TRUE(says(level::warn, "db"));
}

TEST_F(level_changes_test, GoBackToWhatSomebodyElseHasSetMeanwhile) {
    level_changes changes(out);
    changes.change({.module = "db", .to = level::debug, .until = begin + 1min});
    out.set_levels(logging::parse_levels("error").rules);
    changes.change({.module = "web", .to = level::debug, .until = begin + 1min});
    changes.undo();
    EXPECT_FALSE(says(level::warn, "db"));
    EXPECT_FALSE(says(level::warn, "web"));
}

TEST_F(level_changes_test, AreBoundedAndGoBackAtTheirEnd) {
    {
        level_changes changes(out);
        for (std::size_t i = 0; i < level_changes::most; ++i)
            EXPECT_TRUE(changes.change({.module = "m" + std::to_string(i), .to = level::debug, .until = begin}));
        EXPECT_FALSE(changes.change({.module = "one more", .to = level::debug, .until = begin}));
        EXPECT_TRUE(says(level::debug, "m7"));
    }
    EXPECT_FALSE(says(level::debug, "m7"));
}

} // namespace
} // namespace infra::dashboard
