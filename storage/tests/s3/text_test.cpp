#include "src/s3/text.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace infra::storage::s3 {
namespace {

using namespace std::chrono_literals;

TEST(S3Text, TakesTheQuotesOffAnEtagAndPutsThemBack) {
    EXPECT_EQ(without_quotes("\"abc-2\""), "abc-2");
    EXPECT_EQ(without_quotes("abc"), "abc");
    EXPECT_EQ(without_quotes("\""), "\"");
    EXPECT_EQ(with_quotes("abc"), "\"abc\"");
    EXPECT_EQ(with_quotes(without_quotes("W/\"abc\"")), "W/\"abc\"");
}

TEST(S3Text, ReadsTimes) {
    constexpr wall_time expected = std::chrono::sys_days(2009y / 10 / 12) + 17h + 50min + 30s;
    EXPECT_EQ(parse_time("2009-10-12T17:50:30.000Z"), expected);
    EXPECT_EQ(parse_time("2009-10-12T17:50:30Z"), expected);
    for (const auto* bad : {"", "2009-10-12", "2009-13-12T17:50:30Z", "2009-10-12 17:50:30Z",
                            "2009-10-12T17:50:30+01:00", "2009-02-30T17:50:30Z", "20O9-10-12T17:50:30Z"})
        EXPECT_EQ(parse_time(bad), std::nullopt) << bad;
}

TEST(S3Text, WritesRanges) {
    EXPECT_EQ(range_field({}), "");
    EXPECT_EQ(range_field({.offset = 100}), "bytes=100-");
    EXPECT_EQ(range_field({.offset = 0, .length = 10}), "bytes=0-9");
    EXPECT_EQ(range_field({.offset = 5'000'000'000, .length = 1}), "bytes=5000000000-5000000000");
    EXPECT_EQ(range_field({.last = 500}), "bytes=-500");
}

TEST(S3Text, ReadsContentRanges) {
    EXPECT_EQ(parse_content_range("bytes 0-9/100"), (content_range{0, 9, 100}));
    EXPECT_EQ(parse_content_range("bytes 5-5/*"), (content_range{5, 5, std::nullopt}));
    for (const auto* bad : {"", "bytes", "bytes */100", "bytes 9-0/100", "bytes 0-100/100", "bytes 0-9/x", "0-9/100",
                            "bytes -9/100", "bytes 0/9-100", "bytes 0-99999999999999999999/1"})
        EXPECT_EQ(parse_content_range(bad), std::nullopt) << bad;
}

TEST(S3Text, PutsAnyTextIntoAHeader) {
    const std::pair<std::string, std::string> table[] = {
        {"plain text", "plain text"}, {"", ""},
        {"Grüße", "Gr%C3%BC%C3%9Fe"}, {"50% off", "50% off"},
        {"100%25", "100%2525"},       {"50% für alle", "50%25%20f%C3%BCr%20alle"},
        {" edges ", "%20edges%20"},   {"a/b?c=\"d\"", "a/b?c=\"d\""},
    };
    for (const auto& [value, field] : table) {
        EXPECT_EQ(metadata_field(value), field);
        EXPECT_EQ(metadata_value(field), value);
    }
}

TEST(S3Text, LeavesForeignMetadataThatIsNotPercentEncodedUtf8) {
    for (const std::string foreign : {"%FF", "%C3", "50%", "%zz"})
        EXPECT_EQ(metadata_value(foreign), foreign);
}

TEST(S3Text, GivesBackAnyMetadata) {
    std::mt19937 random(7);
    constexpr std::string_view letters[] = {"a", "%", "2", "F", " ", "ä", "€", "😀", "\"", "+", "/"};
    for (int i = 0; i < 10'000; ++i) {
        std::string value;
        for (auto n = random() % 8; n > 0; --n)
            value += letters[random() % std::size(letters)];
        const auto field = metadata_field(value);
        EXPECT_EQ(metadata_value(field), value) << field;
        EXPECT_TRUE(std::ranges::all_of(field, [](char c) { return c >= ' ' && c < 0x7f; }));
    }
}

} // namespace
} // namespace infra::storage::s3
