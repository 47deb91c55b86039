#include "src/queue_limits.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

TEST(RateLimitOfWords, IsHowManyWithinWhichTime) {
    const struct {
        const char* text;
        queue::rate_limit read;
    } cases[] = {
        {"10/1s", {.max = 10, .duration = 1s}},
        {"1/500ms", {.max = 1, .duration = 500ms}},
        {"600/1m", {.max = 600, .duration = 1min}},
        {"none", {}},
        {"0", {}},
    };
    for (const auto& each : cases)
        EXPECT_EQ(rate_limit_from("--rate", each.text), each.read) << each.text;
}

TEST(RateLimitOfWords, NamesTheOptionThatIsWrong) {
    for (const auto* each : {"often", "10", "10/", "/1s", "10/soon", "10/0s", "10/-1s", "-1/1s", "1.5/1s", "10 /1s",
                             "99999999999999999999999/1s", " 10/1s"}) {
        try {
            rate_limit_from("--group-rate", each);
            FAIL() << each;
        } catch (const std::invalid_argument& e) {
            EXPECT_TRUE(std::string_view(e.what()).starts_with("--group-rate: ")) << e.what();
        }
    }
}

} // namespace
} // namespace infra::cli
