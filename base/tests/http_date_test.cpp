#include <infra/base/http_date.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace infra {
namespace {

using namespace std::chrono_literals;

constexpr wall_time sunday = std::chrono::sys_days(1994y / 11 / 6) + 8h + 49min + 37s;

TEST(HttpDate, IsWrittenAsHeadersHaveIt) {
    EXPECT_EQ(format_http_date(sunday + 999ms), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(format_http_date(wall_time{}), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(format_http_date(std::chrono::sys_days(2024y / 2 / 29) + 23h + 59min + 59s),
              "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(HttpDate, IsReadBack) {
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), sunday);
    EXPECT_EQ(parse_http_date(format_http_date(from_unix_ms(0))), wall_time{});
    EXPECT_EQ(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT"), wall_time::max());
}

TEST(HttpDate, IsNothingInAnyOtherForm) {
    for (const std::string_view bad :
         {"", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 06 Nov 1994 08-49-37 GMT", "Sun, 06 Nix 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994"})
        EXPECT_EQ(parse_http_date(bad), std::nullopt) << bad;
}

} // namespace
} // namespace infra
