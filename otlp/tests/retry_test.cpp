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

TEST(RetryAfter, IsSecondsOrADate) {
    const auto now = wall_time(784111777s); // Sun, 06 Nov 1994 08:49:37 GMT
    EXPECT_EQ(parse_retry_after("0", now), 0ms);
    EXPECT_EQ(parse_retry_after("120", now), 120s);
    EXPECT_EQ(parse_retry_after("999999999", now), 1h);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), 30s);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0ms); // past
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 2094 08:00:00 GMT", now), 1h);
    for (const char* bad : {"", "-1", "1.5", "soon", "Sun, 06 Xyz 1994 08:50:07 GMT", "Sun, 99 Nov 1994 08:50:07 GMT",
                            "Sun, 06 Nov 1994 08:50:07 CET", "Sunday, 06-Nov-94 08:49:37 GMT"})
        EXPECT_EQ(parse_retry_after(bad, now), std::nullopt) << bad;
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
