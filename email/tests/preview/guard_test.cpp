#include "src/preview/guard.hpp"

#include <gtest/gtest.h>

namespace infra::email::preview {
namespace {

TEST(PreviewGuard, AnswersUnderItsOwnNamesAlone) {
    const std::vector<std::string> names{"localhost", "127.0.0.1", "[::1]"};
    for (const auto* own : {"localhost", "localhost:8025", "LOCALHOST:1", "127.0.0.1:8025", "[::1]", "[::1]:8025"})
        EXPECT_TRUE(is_for(own, names)) << own;
    for (const auto* other : {"", "evil.example", "evil.example:8025", "localhost.evil.example", "127.0.0.1.nip.io",
                              "[::1", "[::2]:8025", "::1", "localhost@evil.example"})
        EXPECT_FALSE(is_for(other, names)) << other;
    EXPECT_TRUE(is_for("anybody.example", {}));
}

TEST(PreviewGuard, TellsWhatAnotherPageLoadsFromALinkThatIsFollowed) {
    for (const auto& [site, mode] :
         {std::pair{"", ""}, {"same-origin", "cors"}, {"none", "navigate"}, {"cross-site", "navigate"}})
        EXPECT_FALSE(is_loaded_elsewhere(site, mode)) << site << ' ' << mode;
    for (const auto& [site, mode] : {std::pair{"cross-site", "no-cors"}, {"same-site", "cors"}, {"cross-site", ""}})
        EXPECT_TRUE(is_loaded_elsewhere(site, mode)) << site << ' ' << mode;
}

} // namespace
} // namespace infra::email::preview
