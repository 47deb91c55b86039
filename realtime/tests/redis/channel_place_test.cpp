#include "realtime/src/redis/channel_place.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

namespace infra::realtime::over_redis {
namespace {

item message(std::uint64_t offset, std::string epoch = "e") {
    const position at{std::move(epoch), offset};
    envelope e{.what = {.type = std::to_string(offset)}, .at = at};
    return {at, std::move(e)};
}

// `1 2 gap 3 -> 5`
std::string told(const std::vector<event>& events) {
    std::ostringstream out;
    for (const auto& each : events) {
        out << (out.tellp() > 0 ? " " : "");
        if (const auto* const e = std::get_if<envelope>(&each))
            out << e->what.type;
        else
            out << "gap " << std::get<gap>(each).dropped << " -> " << std::get<gap>(each).now.offset;
    }
    return out.str();
}

/// A place that is known.
channel_place known(std::uint64_t offset) {
    channel_place place(true);
    place.begin_reading();
    place.read({.now = {"e", offset}});
    return place;
}

TEST(ChannelPlace, BeginsWhereTheChannelIs) {
    channel_place place(true);
    EXPECT_FALSE(place.is_known());
    EXPECT_TRUE(place.needs_reading());
    EXPECT_EQ(told(place.hear(message(3))), "");
    EXPECT_EQ(place.begin_reading(), std::nullopt);
    EXPECT_FALSE(place.needs_reading());
    EXPECT_EQ(told(place.read({.now = {"e", 3}})), "");
    EXPECT_TRUE(place.is_known());
    EXPECT_FALSE(place.needs_reading());
    EXPECT_EQ(told(place.hear(message(3))), "") << "came before it began";
    EXPECT_EQ(told(place.hear(message(4))), "4");
}

TEST(ChannelPlace, TellsInOrderAndOnce) {
    auto place = known(0);
    EXPECT_EQ(told(place.hear(message(1))), "1");
    EXPECT_EQ(told(place.hear(message(1))), "");
    EXPECT_EQ(told(place.hear(message(2))), "2");
    EXPECT_FALSE(place.needs_reading());
}

TEST(ChannelPlace, ReadsWhatIsMissingBeforeItGoesOn) {
    auto place = known(2);
    EXPECT_EQ(told(place.hear(message(5))), "");
    ASSERT_TRUE(place.needs_reading());
    EXPECT_EQ(place.begin_reading(), (position{"e", 2}));
    EXPECT_EQ(told(place.hear(message(6))), "");
    EXPECT_EQ(told(place.read({.now = {"e", 6}, .items = {message(3), message(4), message(5), message(6)}})),
              "3 4 5 6");
    EXPECT_FALSE(place.needs_reading());
    EXPECT_EQ(told(place.hear(message(7))), "7");
}

TEST(ChannelPlace, ReadsAgainWhenMoreCameMeanwhile) {
    auto place = known(2);
    place.doubt();
    place.begin_reading();
    place.hear(message(5));
    EXPECT_EQ(told(place.read({.now = {"e", 3}, .items = {message(3)}})), "3");
    ASSERT_TRUE(place.needs_reading());
    EXPECT_EQ(place.begin_reading(), (position{"e", 3}));
    EXPECT_EQ(told(place.read({.now = {"e", 5}, .items = {message(4), message(5)}})), "4 5");
    EXPECT_FALSE(place.needs_reading());
}

TEST(ChannelPlace, GoesOnWithWhatItHeardWhileItRead) {
    auto place = known(0);
    place.doubt();
    place.begin_reading();
    for (const auto offset : {2, 3, 3, 4})
        EXPECT_EQ(told(place.hear(message(static_cast<std::uint64_t>(offset)))), "");
    EXPECT_EQ(told(place.read({.now = {"e", 2}, .items = {message(1), message(2)}})), "1 2 3 4");
    EXPECT_FALSE(place.needs_reading());
    place.doubt();
    place.begin_reading();
    for (std::uint64_t offset = 5; offset < 200; ++offset)
        place.hear(message(offset));
    EXPECT_EQ(told(place.read({.now = {"e", 5}, .items = {message(5)}})), "5");
    EXPECT_TRUE(place.needs_reading()) << "it was too much to be kept";
}

TEST(ChannelPlace, ReadsInParts) {
    auto place = known(0);
    place.doubt();
    place.begin_reading();
    EXPECT_EQ(told(place.read({.now = {"e", 4}, .items = {message(1), message(2)}, .read_to = 2})), "1 2");
    ASSERT_TRUE(place.needs_reading());
    place.begin_reading();
    EXPECT_EQ(told(place.read({.now = {"e", 4}, .items = {message(3), message(4)}, .read_to = 4})), "3 4");
    EXPECT_FALSE(place.needs_reading());
}

TEST(ChannelPlace, TellsOfThatPartAloneWhichIsTooOldInOneThatWasCutOff) {
    auto place = known(0);
    place.doubt();
    place.begin_reading();
    EXPECT_EQ(told(place.read({.now = {"e", 6}, .read_to = 2})), "gap 2 -> 2") << "all of it was too old";
    ASSERT_TRUE(place.needs_reading());
    EXPECT_EQ(place.begin_reading(), (position{"e", 2}));
    EXPECT_EQ(told(place.read({.now = {"e", 6}, .items = {message(4)}, .read_to = 4})), "gap 1 -> 3 4");
    ASSERT_TRUE(place.needs_reading());
    place.begin_reading();
    EXPECT_EQ(told(place.read({.now = {"e", 6}, .items = {message(5), message(6)}, .read_to = 6})), "5 6");
    EXPECT_FALSE(place.needs_reading());
}

TEST(ChannelPlace, SaysHowManyCannotBeHad) {
    auto place = known(2);
    place.doubt();
    place.begin_reading();
    EXPECT_EQ(told(place.read({.now = {"e", 9}, .items = {message(8), message(9)}})), "gap 5 -> 7 8 9");
    place.doubt();
    place.begin_reading();
    EXPECT_EQ(told(place.read({.now = {"e", 12}})), "gap 3 -> 12") << "all have expired";
    EXPECT_EQ(told(place.hear(message(13))), "13");
}

TEST(ChannelPlace, PassesOverWhatIsForNobody) {
    auto place = known(0);
    EXPECT_EQ(told(place.hear({{"e", 1}, std::nullopt})), "");
    EXPECT_EQ(told(place.hear(message(2))), "2");
    EXPECT_EQ(told(place.hear({{"e", 3}, gap{4, {"e", 3}}})), "gap 4 -> 3");
    EXPECT_EQ(told(place.hear(message(4))), "4");
}

TEST(ChannelPlace, BeginsAnewInAnotherEpoch) {
    auto place = known(7);
    EXPECT_EQ(told(place.hear(message(1, "f"))), "");
    ASSERT_TRUE(place.needs_reading());
    EXPECT_EQ(place.begin_reading(), (position{"e", 7}));
    EXPECT_EQ(told(place.read({.now = {"f", 2}, .items = {message(1, "f"), message(2, "f")}})), "gap 0 -> 0 1 2");
    EXPECT_EQ(told(place.hear(message(8))), "") << "of the old one";
    EXPECT_TRUE(place.needs_reading());
}

TEST(ChannelPlace, ComparesItselfWithTheServer) {
    auto place = known(2);
    place.compare({"e", 2});
    EXPECT_FALSE(place.needs_reading());
    place.compare({"e", 3});
    EXPECT_TRUE(place.needs_reading());
    auto other = known(2);
    other.compare({}); // it knows nothing any more
    EXPECT_TRUE(other.needs_reading());
}

TEST(ChannelPlace, TriesAgainWhatFailed) {
    auto place = known(2);
    place.doubt();
    place.begin_reading();
    place.reading_failed();
    EXPECT_TRUE(place.needs_reading());
}

TEST(ChannelPlace, TellsWhatHasNoPlaceAtOnce) {
    auto place = known(2);
    place.doubt();
    envelope e{.what = {.type = "by hand"}};
    EXPECT_EQ(told(place.hear({{}, e})), "by hand");
    channel_place forgetful(false);
    EXPECT_TRUE(forgetful.is_known());
    EXPECT_EQ(told(forgetful.hear({{}, e})), "by hand");
    EXPECT_EQ(told(forgetful.doubt()), "gap 0 -> 0");
    EXPECT_FALSE(forgetful.needs_reading());
}

// A channel of which a part of the words is lost, doubled or late, and whose history is short: what is told is each offset
// once, in order, and where something is left out there is a gap that says so.
TEST(ChannelPlace, LosesNothingWithoutAWordUnderAnyDisorder) {
    for (unsigned seed = 0; seed < 2'000; ++seed) {
        std::mt19937 random(seed);
        auto place = known(0);
        std::uint64_t last = 0, reached = 0;
        std::vector<std::uint64_t> late;
        std::optional<reading> answer;
        const auto check = [&](const std::vector<event>& events) {
            for (const auto& each : events)
                if (const auto* const e = std::get_if<envelope>(&each)) {
                    ASSERT_EQ(e->at.offset, reached + 1) << "seed " << seed;
                    ++reached;
                } else {
                    ASSERT_EQ(std::get<gap>(each).now.offset, reached + std::get<gap>(each).dropped) << "seed " << seed;
                    reached = std::get<gap>(each).now.offset;
                }
        };
        for (int step = 0; step < 60; ++step) {
            switch (random() % 6) {
            case 0: ++last; break; // lost
            case 1: late.push_back(++last); break;
            case 2:
                if (!late.empty()) {
                    check(place.hear(message(late[random() % late.size()])));
                    break;
                }
                [[fallthrough]];
            case 3: check(place.hear(message(++last))); break;
            case 4: check(place.doubt()); break;
            default:
                if (answer) {
                    check(place.read(*std::exchange(answer, std::nullopt)));
                } else if (place.needs_reading()) {
                    const auto from = place.begin_reading();
                    answer = reading{.now = {"e", last}};
                    for (auto i = std::max(from->offset + 1, last > 8 ? last - 8 : 1); i <= last; ++i)
                        answer->items.push_back(message(i));
                    if (answer->items.size() > 3) {
                        answer->items.resize(3);
                        answer->read_to = answer->items.back().at.offset;
                        if (random() % 2)
                            answer->items.erase(answer->items.begin()); // too old
                    }
                }
            }
        }
        check(place.doubt());
        if (answer)
            check(place.read(*answer));
        while (place.needs_reading()) {
            const auto from = place.begin_reading();
            reading r{.now = {"e", last}};
            for (auto i = std::max(from->offset + 1, last > 8 ? last - 8 : 1); i <= last; ++i)
                r.items.push_back(message(i));
            check(place.read(std::move(r)));
        }
        ASSERT_EQ(reached, last) << "seed " << seed;
    }
}

} // namespace
} // namespace infra::realtime::over_redis
