#include "src/number_text.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace infra::logging {
namespace {

template <class Number>
std::string text_of(Number n) {
    char bytes[longest_number];
    return {bytes, put_number(bytes, n)};
}

std::string shortest(double n) {
    char bytes[longest_number];
    return {bytes, std::to_chars(bytes, bytes + sizeof bytes, n).ptr};
}

TEST(LogNumber, IsShortAndReadsBackTheSame) {
    EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(text_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(text_of(35.5), "35.5");
    EXPECT_EQ(text_of(-0.25), "-0.25");
    EXPECT_EQ(text_of(12.000001), "12.000001");
    EXPECT_EQ(text_of(0.1 + 0.2), "0.30000000000000004");
    EXPECT_EQ(text_of(999999999.999999), "999999999.999999");
    EXPECT_EQ(text_of(999999999.9999999), "999999999.9999999");
    EXPECT_EQ(text_of(0.001), "0.001");
    EXPECT_EQ(text_of(0.0001), "1e-04");
    EXPECT_EQ(text_of(-std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
}

TEST(LogNumber, HasNoFractionIfItIsWhole) {
    EXPECT_EQ(text_of(0.0), "0");
    EXPECT_EQ(text_of(-0.0), "0");
    EXPECT_EQ(text_of(-3.0), "-3");
    EXPECT_EQ(text_of(1e15), "1000000000000000");
    EXPECT_EQ(text_of(0x1p53 - 1), "9007199254740991");
    EXPECT_EQ(text_of(1e300), "1e+300");
}

TEST(LogNumber, IsNullWhereThereIsNone) {
    EXPECT_EQ(text_of(std::numeric_limits<double>::quiet_NaN()), "null");
    EXPECT_EQ(text_of(-std::numeric_limits<double>::infinity()), "null");
}

void expect_shortest(double n) {
    if (std::isfinite(n) && std::trunc(n) != n)
        ASSERT_EQ(text_of(n), shortest(n));
}

// The short way must find what the long one does, digit for digit.
TEST(LogNumber, IsWhatToCharsMakesOfAFraction) {
    std::mt19937_64 random(20261126);
    for (int i = 0; i < 300'000; ++i) {
        const auto any = random();
        expect_shortest(std::bit_cast<double>(any));
        const auto decimal = static_cast<double>(any % 1'000'000'000'000'000) / std::pow(10, i % 16);
        for (const double near : {decimal, std::nextafter(decimal, 0), std::nextafter(decimal, 1e18)})
            expect_shortest(i % 2 ? near : -near);
    }
}

} // namespace
} // namespace infra::logging
