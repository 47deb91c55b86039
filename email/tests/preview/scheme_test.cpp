#include "src/preview/scheme.hpp"

#include <gtest/gtest.h>

namespace infra::email::preview {
namespace {

TEST(Scheme, AnswersMediaQueriesByTheSchemeThatIsWanted) {
    constexpr std::string_view html =
        "@media (prefers-color-scheme: dark) { a } @media (prefers-color-scheme:light) { b }";
    EXPECT_EQ(in_scheme(html, scheme::dark), "@media (min-width:0) { a } @media (max-width:0) { b }");
    EXPECT_EQ(in_scheme(html, scheme::light), "@media (max-width:0) { a } @media (min-width:0) { b }");
}

TEST(Scheme, LeavesAloneWhatAsksForNone) {
    for (const auto* html : {"", "<p>Hi</p>", "prefers-color-scheme", "prefers-color-scheme: ",
                             "(prefers-color-scheme)", "prefers-color-scheme: sepia prefers-color-scheme"})
        EXPECT_EQ(in_scheme(html, scheme::dark), html);
}

} // namespace
} // namespace infra::email::preview
