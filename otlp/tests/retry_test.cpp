#include "src/retry.hpp"

#include <gtest/gtest.h>

namespace infra::otlp::detail {
namespace {

using namespace std::chrono_literals;

TEST(Retry, IsForWhatMayPass) {
    for (const int status : {200, 202, 204})
        EXPECT_EQ(judge(status), verdict::taken) << status;
    for (const int status : {429, 502, 503, 504})
        EXPECT_EQ(judge(status), verdict::again) << status;
    for (const int status : {301, 400, 401, 403, 404, 408, 413, 500, 501, 505})
        EXPECT_EQ(judge(status), verdict::refused) << status;
}

TEST(RetryDelay, GrowsToHalfAMinuteAndIsHalfChance) {
    EXPECT_EQ(delay_after(1, 0), 500ms);
    EXPECT_EQ(delay_after(1, 0.999999), 999ms);
    EXPECT_EQ(delay_after(3, 0), 2s);
    EXPECT_EQ(delay_after(6, 0), 15s);
    EXPECT_EQ(delay_after(1000, 0.5), 22'500ms);
}

} // namespace
} // namespace infra::otlp::detail
