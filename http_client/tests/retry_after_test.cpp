#include <infra/http_client/retry_after.hpp>

#include <gtest/gtest.h>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

TEST(RetryAfter, IsSecondsOrADate) {
    const auto now = wall_time(784111777s); // Sun, 06 Nov 1994 08:49:37 GMT
    EXPECT_EQ(parse_retry_after("0", now), 0ms);
    EXPECT_EQ(parse_retry_after("120", now), 120s);
    EXPECT_EQ(parse_retry_after("999999999", now), 1h);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), 30s);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0ms); // past
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 2094 08:00:00 GMT", now), 1h);
    EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now), 1h); // later than our clock goes
    EXPECT_EQ(parse_retry_after("Sat, 01 Jan 0000 00:00:00 GMT", now), 0ms);
    for (const char* bad : {"", "-1", "1.5", "soon", "Sun, 06 Xyz 1994 08:50:07 GMT", "Sun, 99 Nov 1994 08:50:07 GMT",
                            "Sun, 06 Nov 1994 08:50:07 CET", "Sunday, 06-Nov-94 08:49:37 GMT"})
        EXPECT_EQ(parse_retry_after(bad, now), std::nullopt) << bad;
}

} // namespace
} // namespace infra::http
