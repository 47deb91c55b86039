#include "src/terminal.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace infra::cli {
namespace {

TEST(Terminal, IsNoStringStream) {
    const std::ostringstream to;
    EXPECT_FALSE(is_terminal(to));
    EXPECT_EQ(columns_of(to), 0u);
}

TEST(Terminal, HasColoursUnlessSomebodyRefusesThem) {
    const auto asked = [](bool terminal, environment::variables v) {
        return has_colours(terminal, environment(std::move(v)));
    };
    EXPECT_TRUE(asked(true, {{"TERM", "xterm-256color"}}));
    EXPECT_TRUE(asked(true, {{"TERM", "linux"}, {"NO_COLOR", ""}})) << "an empty one counts as none";
    EXPECT_FALSE(asked(true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}));
    EXPECT_FALSE(asked(true, {{"TERM", "dumb"}}));
    EXPECT_FALSE(asked(true, {}));
    EXPECT_FALSE(asked(false, {{"TERM", "xterm"}}));
}

TEST(Painted, IsTheTextItselfWithoutColours) {
    EXPECT_EQ(painted(false, ink::bad, "failed"), "failed");
    EXPECT_EQ(painted(true, ink::bad, "failed"), "\033[31mfailed\033[0m");
    EXPECT_EQ(painted(true, ink::good, ""), "");
}

} // namespace
} // namespace infra::cli
