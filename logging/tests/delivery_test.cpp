#include "src/delivery.hpp"

#include "support.hpp"

namespace infra::logging::detail {
namespace {

/// Something a person looks at.
class screen final : public sink {
public:
    outcome write(std::string_view lines) noexcept override { return {lines.size(), {}}; }
    bool is_terminal() const noexcept override { return true; }
};

std::vector<style> styles_for(pipeline_options options) {
    const delivery d(options);
    return {d.styles().begin(), d.styles().end()};
}

TEST(LogDelivery, IsPrettyOnATerminalOnly) {
    const auto terminal = std::make_shared<screen>();
    const auto file = std::make_shared<memory_sink>();
    EXPECT_EQ(styles_for({.outputs = {{.to = file}}}), (std::vector<style>{{}}));
    EXPECT_EQ(styles_for({.outputs = {{.to = terminal}}}), (std::vector<style>{{.pretty = true, .colours = true}}));
    EXPECT_EQ(styles_for({.outputs = {{.to = terminal}}, .colours = false}), (std::vector<style>{{.pretty = true}}));
    EXPECT_EQ(styles_for({.outputs = {{.to = terminal, .as = format::json}}}), (std::vector<style>{{}}));
    EXPECT_EQ(styles_for({.outputs = {{.to = file, .as = format::pretty}}}), (std::vector<style>{{.pretty = true}}));
}

TEST(LogDelivery, RendersOnceForOutputsOfOneStyle) {
    const auto file = std::make_shared<memory_sink>();
    EXPECT_EQ(styles_for({.outputs = {{.to = file}, {.to = file, .from = level::error}}}).size(), 1U);
}

TEST(LogDelivery, WantsMarksOnlyIfSomeOutputWantsSomeLevels) {
    const auto file = std::make_shared<memory_sink>();
    EXPECT_FALSE(delivery({.outputs = {{.to = file}}}).wants_marks());
    EXPECT_TRUE(delivery({.outputs = {{.to = file, .from = level::info}}}).wants_marks());
}

} // namespace
} // namespace infra::logging::detail
