#include "src/logs/error_groups.hpp"
#include "src/logs/log_answers.hpp"
#include "tests/log_support.hpp"

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

const auto begin = from_unix_ms(1'767'225'600'000); // a full hour

void note(error_groups& in, const written_line& line) {
    const auto record = view_of(line);
    in.note({&record, 1});
}

TEST(ErrorGroups, AreOfWhatIsEqualButForIds) {
    error_groups groups;
    for (int i = 0; i < 17; ++i)
        note(groups, {.severity = level::error,
                      .module = "queue",
                      .message = "job " + std::to_string(i) + " failed",
                      .fields = {{"error", "timed out"}},
                      .time = begin + std::chrono::seconds(i),
                      .trace = {1, std::uint64_t(i + 1)}});
    note(groups, {.severity = level::error,
                  .module = "queue",
                  .message = "job 3 failed",
                  .fields = {{"error", "refused"}},
                  .time = begin});
    note(groups, {.severity = level::warn, .module = "queue", .message = "slow", .time = begin});
    const auto found = groups.within(begin + 20s, 15);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].count, 17U);
    EXPECT_EQ(found[0].text, "job 16 failed: timed out");
    EXPECT_EQ(found[0].trace, (trace_id{1, 17}));
    EXPECT_EQ(found[0].first, begin);
    EXPECT_EQ(words_of(found[0].text), "failed");
    EXPECT_EQ(groups.count(level::error, begin + 20s, 5), 18U);
    EXPECT_EQ(groups.count(level::warn, begin + 20s, 5), 1U);
}

TEST(ErrorGroups, AreFoundAgainByTheWordsThatAllHave) {
    EXPECT_EQ(words_of("job 17 of send-invoice failed: timed out"), "of send-invoice failed");
    EXPECT_EQ(words_of("key \"a — b\" is taken: no"), "\" is taken");
    EXPECT_EQ(words_of("größer als 5"), "größer als");
    EXPECT_EQ(words_of("17"), "");
}

TEST(ErrorGroups, ForgetWhatWasLongAgo) {
    error_groups groups;
    note(groups, {.severity = level::error, .message = "once", .time = begin});
    EXPECT_EQ(groups.within(begin + 14min, 15).size(), 1U);
    EXPECT_TRUE(groups.within(begin + 15min, 15).empty());
    EXPECT_EQ(groups.each_minute(level::error, begin + 2min, 4), (std::vector<std::uint64_t>{0, 1, 0, 0}));
}

TEST(ErrorGroups, AreBounded) {
    error_groups groups;
    for (int i = 0; i < 1000; ++i) {
        std::string name(1 + static_cast<std::size_t>(i) / 26, 'a');
        name.back() = static_cast<char>('a' + i % 26);
        note(groups, {.severity = level::error, .message = name, .time = begin + std::chrono::milliseconds(i)});
    }
    EXPECT_EQ(groups.within(begin + 1min, 15).size(), error_groups::most);
}

TEST(ErrorGroups, AreAnsweredWithTheMinutes) {
    error_groups groups;
    note(groups, {.severity = level::error, .module = "m", .message = "<b>x</b>", .time = begin});
    const auto answer = errors_answer(groups, begin + 1s, 2);
    EXPECT_EQ(answer.at("items").at(0).at("text"), "<b>x</b>");
    EXPECT_EQ(json::to_text(answer.at("minutes").at("error")), "[0,1]");
}

TEST(ByMinute, CountsNothingTwiceWhenAnHourHasPassed) {
    by_minute counts;
    counts.add(begin, 3);
    counts.add(begin + 60min, 1);
    EXPECT_EQ(counts.sum(begin + 60min, 60), 1U);
    counts.add(begin, 5); // too late
    EXPECT_EQ(counts.sum(begin + 60min, 60), 1U);
    EXPECT_EQ(counts.sum(begin + 3h, 60), 0U);
}

} // namespace
} // namespace infra::dashboard
