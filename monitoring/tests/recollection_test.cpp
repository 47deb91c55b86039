#include "src/recollection.hpp"

#include "src/series.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infra::monitoring::detail {
namespace {

std::shared_ptr<const series> a_series() {
    const auto of = std::make_shared<family_info>(
        family_info{.name = "n_total", .type = metric_type::counter, .exposed = {}, .bounds = {}});
    auto made = std::make_shared<const series>(of, label_set(labels{}));
    add_whole(*made, 1); // a thread that counts nothing remembers nothing
    return made;
}

constexpr auto counter = metric_type::counter;

TEST(Recollection, IsOfWhatWasSaidToTheLetter) {
    const auto known = a_series();
    const label_map with{{"method", "GET"}, {"route", "/orders/{id}/lines"}};
    remember({1, counter, "requests_total", with}, known);
    EXPECT_EQ(recall({1, counter, "requests_total", with}), known.get());
    EXPECT_EQ(recall({2, counter, "requests_total", with}), nullptr);
    EXPECT_EQ(recall({1, metric_type::gauge, "requests_total", with}), nullptr);
    EXPECT_EQ(recall({1, counter, "requests_tota", with}), nullptr);
    EXPECT_EQ(recall({1, counter, "requests_total", {}}), nullptr);
    EXPECT_EQ(recall({1, counter, "requests_total", {{"route", "/orders/{id}/lines"}, {"method", "GET"}}}), nullptr);
    EXPECT_EQ(recall({1, counter, "requests_total", {{"method", "GET"}, {"route", "/orders/{id}/linez"}}}), nullptr);
}

TEST(Recollection, TellsWherePartsEnd) {
    const auto known = a_series();
    const std::string text(40, 'a');
    for (std::size_t at = 0; at < text.size(); ++at) {
        remember({3, counter, "n", {{text.substr(0, at), text.substr(at)}}}, known);
        EXPECT_EQ(recall({3, counter, "n", {{text.substr(0, at), text.substr(at)}}}), known.get());
        EXPECT_EQ(recall({3, counter, "n", {{text.substr(0, at + 1), text.substr(at + 1)}}}), nullptr) << at;
    }
}

TEST(Recollection, TellsEmptyPartsFromNone) {
    const auto known = a_series();
    using namespace std::literals;
    remember({7, counter, "n", {{"", ""}}}, known);
    EXPECT_EQ(recall({7, counter, "n", {}}), nullptr);
    EXPECT_EQ(recall({7, counter, "n", {{"", "\0"sv}}}), nullptr);
    EXPECT_EQ(recall({7, counter, "n", {{"\0"sv, ""}}}), nullptr);
    EXPECT_EQ(recall({7, counter, "n", {{"", ""}, {"", ""}}}), nullptr);
    EXPECT_EQ(recall({7, counter, "n", {{"", ""}}}), known.get());
}

TEST(Recollection, TellsRepetitionsOfDifferentLengthsApart) {
    const auto known = a_series();
    for (std::size_t length = 1; length < 40; ++length) {
        remember({8, counter, "n", {{"l", std::string(length, '1')}}}, known);
        EXPECT_EQ(recall({8, counter, "n", {{"l", std::string(length - 1, '1')}}}) != nullptr, length > 1) << length;
        EXPECT_EQ(recall({8, counter, "n", {{"l", std::string(length + 1, '1')}}}), nullptr) << length;
        EXPECT_EQ(recall({8, counter, "n", {{"l", std::string(length, '1')}}}), known.get()) << length;
    }
}

TEST(Recollection, SeesEveryByteOfTextsOfAnyLength) {
    const auto known = a_series();
    for (std::size_t length = 0; length <= 70; ++length) {
        std::string value(length, 'v');
        remember({4, counter, "n", {{"l", value}}}, known);
        ASSERT_EQ(recall({4, counter, "n", {{"l", value}}}), known.get()) << length;
        for (auto& byte : value) {
            byte = '\0';
            ASSERT_EQ(recall({4, counter, "n", {{"l", value}}}), nullptr) << length;
            byte = 'v';
        }
    }
}

TEST(Recollection, KeepsTheLastTwoWhereverTheyAreKept) {
    const auto known = a_series();
    for (std::int64_t i = 0; i < 20'000; ++i) {
        remember({5, counter, "n", {{"i", i}}}, known);
        remember({5, counter, "n", {{"j", i}}}, known);
        ASSERT_TRUE(recall({5, counter, "n", {{"i", i}}})) << i;
        ASSERT_TRUE(recall({5, counter, "n", {{"j", i}}})) << i;
    }
}

TEST(Recollection, LeavesOutWhatIsLong) {
    const auto known = a_series();
    for (const std::size_t length : {100U, 300U, 512U, 513U, 5'000U, 1'000'000U}) {
        const std::string value(length, 'v');
        remember({6, counter, "n", {{"l", value}}}, known);
        EXPECT_EQ(recall({6, counter, "n", {{"l", value}}}) != nullptr, length <= 512) << length;
    }
    label_map many;
    for (int i = 0; i < 1000; ++i)
        many.emplace("label_" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'v'));
    remember({6, counter, "n", many}, known);
    EXPECT_EQ(recall({6, counter, "n", many}), nullptr);
}

// However full it is, there is room for one label more that is as long as can be.
TEST(Recollection, HasRoomForTheLastLabel) {
    const auto known = a_series();
    const std::string longest(512, 'v');
    label_map with;
    for (int i = 0; i < 60; ++i) {
        auto and_longest = with;
        and_longest.emplace(longest, longest);
        remember({9, counter, longest, and_longest}, known);
        EXPECT_EQ(recall({9, counter, longest, and_longest}), nullptr) << i;
        with.emplace("l" + std::to_string(i), "v");
        remember({9, counter, "n", with}, known);
        EXPECT_EQ(recall({9, counter, "n", with}) != nullptr, 2 + 3 * (i + 1) <= 128) << i;
    }
}

} // namespace
} // namespace infra::monitoring::detail
