#include "src/labels.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

namespace infra::monitoring::detail {
namespace {

std::string text_of(const labels& with) { return label_set(with).text(); }
std::string problem_of(const labels& with) { return std::string(label_set(with).problem()); }

TEST(Labels, AreSortedByName) {
    EXPECT_EQ(text_of({{"path", "/"}, {"method", "GET"}, {"status", 200}, {"ok", true}}),
              R"(method="GET",ok="true",path="/",status="200")");
}

TEST(Labels, OfAKeptMapEqualThoseOfAList) {
    const label_map kept{{"b", "2"}, {"a", "1"}};
    EXPECT_EQ(text_of(kept), text_of({{"a", 1}, {"b", "2"}}));
    EXPECT_EQ(label_set(labels(kept)).map(), kept);
}

TEST(Labels, AreEscapedSoThatDifferentSetsStayDifferent) {
    EXPECT_EQ(text_of({{"a", "x\"y\\z\n"}}), "a=\"x\\\"y\\\\z\\n\"");
    EXPECT_NE(text_of({{"a", "1\",b=\"2"}}), text_of({{"a", "1"}, {"b", "2"}}));
}

TEST(Labels, AreMadeUtf8) {
    for (const std::string bad : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\x80", "\xE9", "\xE4\xB8"})
        EXPECT_TRUE(encoding::is_utf8(text_of({{"a", bad}})));
}

TEST(Labels, AreCutBetweenCharacters) {
    std::string large(1023, 'x');
    large += "é and more";
    EXPECT_EQ(label_set(labels{{"a", large}}).map().at("a"), std::string(1023, 'x'));
    EXPECT_LE(label_set(labels{{"a", std::string(5000, '\xFF')}}).map().at("a").size(), 1024U);
}

TEST(Labels, AreOneInEitherSpellingOfTheirNames) {
    EXPECT_EQ(text_of({{"userId", 1}, {"HTTPMethod", "GET"}}), R"(HTTPMethod="GET",user_id="1")");
    EXPECT_EQ(problem_of({{"userId", 1}, {"user_id", 2}}), "has a label twice");
}

TEST(Labels, NameWhatIsWrongWithThem) {
    EXPECT_EQ(problem_of({{"method", "GET"}}), "");
    for (const char* bad : {"", "1a", "a-b", "__a", "le", "quantile", "ä"})
        EXPECT_NE(problem_of({{bad, "x"}}).find("label name"), std::string::npos) << bad;
    EXPECT_EQ(problem_of({{"a", 1}, {"b", 2}, {"a", 3}}), "has a label twice");
    label_map many;
    for (int i = 0; i < 33; ++i)
        many.emplace("l" + std::to_string(i), "x");
    EXPECT_EQ(problem_of(many), "has more than 32 labels");
}

static_assert(!std::is_constructible_v<monitoring::label, const char*, double>, "values without end");
static_assert(!std::is_constructible_v<monitoring::label, const char*, int*>);

} // namespace
} // namespace infra::monitoring::detail
