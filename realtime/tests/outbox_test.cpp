#include <infra/realtime/outbox.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <malloc.h>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace infra::realtime {
namespace {

using verdict = outbox::verdict;

std::shared_ptr<const channel_facts> make_channel(std::string name, overflow policy) {
    return std::make_shared<const channel_facts>(
        channel_facts{.name = std::move(name), .options = {.on_overflow = policy}});
}

// Says its number, and is about as long as asked for.
frame make_numbered(std::shared_ptr<const channel_facts> channel, std::uint64_t number, std::size_t size = 0,
                    std::string key = {}) {
    message said{.type = "said", .channel = channel->name, .data = {{"n", number}, {"pad", std::string(size, '.')}}};
    return make_frame(said, {.channel = std::move(channel), .offset = number, .key = std::move(key)});
}

frame make_answer(std::string text) {
    return make_frame({.type = "reply", .data = json::value(text)}, {.control = true});
}

// The texts of whole, unmasked frames; what is no frame fails the test.
std::vector<std::string> texts_in(std::string_view bytes) {
    std::vector<std::string> all;
    while (bytes.size() >= 2) {
        std::size_t header = 2;
        std::size_t size = static_cast<unsigned char>(bytes[1]);
        if (size >= 126) {
            const std::size_t more = size == 126 ? 2 : 8;
            size = 0;
            for (std::size_t i = 0; i < more; ++i)
                size = size << 8 | static_cast<unsigned char>(bytes[2 + i]);
            header += more;
        }
        if (bytes.size() < header + size)
            break;
        all.emplace_back(bytes.substr(header, size));
        bytes.remove_prefix(header + size);
    }
    EXPECT_TRUE(bytes.empty()) << "half a frame is left";
    return all;
}

std::string write_some(outbox& box, std::size_t most) {
    std::array<std::string_view, 64> pieces;
    const auto count = box.gather(pieces);
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
        all += pieces[i];
    all.resize(std::min(all.size(), most));
    box.written(all.size());
    return all;
}

std::string write_all(outbox& box) {
    std::string all;
    while (!box.empty())
        all += write_some(box, std::string::npos);
    return all;
}

// What a client makes of it: "3", "gap 2 @5", an answer's text.
std::vector<std::string> heard(std::string_view bytes) {
    std::vector<std::string> all;
    for (const auto& text : texts_in(bytes)) {
        const auto read = json::parse<json::value>(text);
        const auto& data = read->at("data");
        if (read->at("type") == "gap")
            all.push_back("gap " + std::to_string(data.at("dropped").to_number<int>()) + " @" +
                          std::to_string(data.at("offset").to_number<int>()));
        else
            all.push_back(data.is_string() ? std::string(data.as_string())
                                           : std::to_string(data.at("n").to_number<int>()));
    }
    return all;
}

using strings = std::vector<std::string>;

TEST(Outbox, GivesWhatWasPutInInOrder) {
    outbox box;
    const auto room = make_channel("room:1", overflow::close);
    for (std::uint64_t n = 1; n <= 100; ++n)
        EXPECT_EQ(box.push(make_numbered(room, n)), verdict::queued);
    const auto got = heard(write_all(box));
    ASSERT_EQ(got.size(), 100u);
    EXPECT_EQ(got.front(), "1");
    EXPECT_EQ(got.back(), "100");
    EXPECT_TRUE(box.empty());
    EXPECT_EQ(box.bytes(), 0u);
}

TEST(Outbox, CountsTheBytesThatWait) {
    outbox box;
    const auto one = make_numbered(make_channel("c", overflow::close), 1);
    box.push(one);
    box.push(one);
    EXPECT_EQ(box.bytes(), 2 * one.size());
    box.written(3);
    EXPECT_EQ(box.bytes(), 2 * one.size() - 3);
    box.written(one.size());
    EXPECT_EQ(box.bytes(), one.size() - 3);
}

struct bound_case {
    std::size_t beside;
    std::size_t bound; // in messages, as they are counted
    std::size_t less;  // by so many bytes
    std::size_t fit;
};

class OutboxBound : public ::testing::TestWithParam<bound_case> {};

TEST_P(OutboxBound, CountsForEachMessageWhatKeepingItTakes) {
    const auto [beside, bound, less, fit] = GetParam();
    const auto one = make_numbered(make_channel("c", overflow::close), 1, 40);
    const auto each = one.size() + beside;
    outbox box({.max_bytes = bound * each - less, .beside_each = beside});
    for (std::size_t i = 0; i < fit; ++i) {
        EXPECT_TRUE(i == 0 || box.has_room_for(one, one.websocket())) << i;
        EXPECT_EQ(box.push(one), verdict::queued) << i;
        EXPECT_EQ(box.bytes(), (i + 1) * each);
    }
    EXPECT_FALSE(box.has_room_for(one, one.websocket()));
    EXPECT_EQ(box.push(one), verdict::close);
    write_some(box, 3);
    EXPECT_EQ(box.bytes(), fit * each - 3) << "one that has partly left is kept whole";
    write_some(box, one.size() - 3);
    EXPECT_EQ(box.bytes(), (fit - 1) * each);
    write_all(box);
    EXPECT_EQ(box.bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Table, OutboxBound,
                         ::testing::Values(bound_case{0, 10, 0, 10}, bound_case{0, 10, 1, 9},
                                           bound_case{300, 10, 0, 10}, bound_case{300, 10, 1, 9},
                                           bound_case{300, 2, 0, 2}, bound_case{300, 2, 1, 1}, bound_case{300, 1, 1, 1},
                                           bound_case{5000, 3, 0, 3}));

TEST(Outbox, CountsTheTextTooThatAnotherEncodingKeeps) {
    const auto f = make_numbered(make_channel("c", overflow::close), 1, 1000);
    const auto short_one = f.encoded(frame::encoding::deflated, +[](const frame&) { return std::string("z"); });
    outbox box({.max_bytes = 2 * f.size(), .beside_each = 10});
    box.push(f, short_one);
    EXPECT_EQ(box.bytes(), 1 + 10 + f.size());
    EXPECT_EQ(box.push(f, short_one), verdict::close);
}

TEST(Outbox, CountsAnswersAndGapsAsItCountsMessages) {
    const auto room = make_channel("c", overflow::drop_newest);
    const auto yes = make_answer("yes");
    outbox box({.max_bytes = 1000, .beside_each = 400});
    box.push(yes);
    box.push(yes);
    EXPECT_EQ(box.bytes(), 2 * (yes.size() + 400));
    EXPECT_EQ(box.push(yes), verdict::close);
    const auto one = make_numbered(room, 1, 100);
    EXPECT_EQ(box.push(one), verdict::queued);
    const auto before = box.bytes();
    EXPECT_EQ(box.push(one), verdict::dropped);
    EXPECT_GT(box.bytes(), before + 400);
    write_all(box);
    EXPECT_EQ(box.bytes(), 0u);
}

// What the allocator has given, of the small and of the large.
std::size_t allocated() {
    const auto all = ::mallinfo2();
    return all.uordblks + all.hblkhd;
}

class FullOutbox : public ::testing::TestWithParam<std::size_t> {};

TEST_P(FullOutbox, TakesAboutTheMemoryThatItSays) {
    const auto room = make_channel("room:1", overflow::close);
    const std::string pad(GetParam(), '.');
    outbox box({.beside_each = kept_beside_each});
    const auto before = allocated();
    while (box.push(frame(pad, {.channel = room})) == verdict::queued) {
    }
    const auto taken = allocated() - before;
    if (taken == 0)
        GTEST_SKIP() << "a sanitizer's allocator does not say";
    EXPECT_LE(taken, 1024u * 1024);
    EXPECT_GE(taken, 768u * 1024);
    EXPECT_LE(box.bytes(), 1024u * 1024);
}

INSTANTIATE_TEST_SUITE_P(OfMessagesOf, FullOutbox, ::testing::Values(2, 16, 128, 1000, 5000));

TEST(Outbox, SaysCloseAtTheBound) {
    const auto room = make_channel("room:1", overflow::close);
    const auto one = make_numbered(room, 1, 100);
    outbox box({.max_bytes = 2 * one.size()});
    EXPECT_EQ(box.push(one), verdict::queued);
    EXPECT_EQ(box.push(one), verdict::queued);
    EXPECT_EQ(box.push(one), verdict::close);
    EXPECT_EQ(box.dropped(), 0u);
}

TEST(Outbox, ClosesForMessagesOfNoChannel) {
    const auto said = make_frame({.type = "said", .data = json::value(std::string(100, '.'))});
    outbox box({.max_bytes = 150});
    EXPECT_EQ(box.push(said), verdict::queued);
    EXPECT_EQ(box.push(said), verdict::close);
}

TEST(Outbox, TakesAMessageThatWaitsAloneHoweverLong) {
    outbox box({.max_bytes = 10});
    EXPECT_EQ(box.push(make_numbered(make_channel("c", overflow::close), 1, 1000)), verdict::queued);
    EXPECT_EQ(heard(write_all(box)), strings{"1"});
}

TEST(Outbox, DropsTheNewestAndTellsWhereItWouldHaveBeen) {
    const auto room = make_channel("room:1", overflow::drop_newest);
    const auto size = make_numbered(room, 1, 100).size();
    outbox box({.max_bytes = 3 * size + 200});
    for (std::uint64_t n = 1; n <= 6; ++n)
        EXPECT_EQ(box.push(make_numbered(room, n, 100)), n <= 4 ? verdict::queued : verdict::dropped) << n;
    write_some(box, 2 * size);
    EXPECT_EQ(box.push(make_numbered(room, 7, 100)), verdict::queued);
    EXPECT_EQ(heard(write_all(box)), (strings{"3", "4", "gap 2 @6", "7"}));
    EXPECT_EQ(box.dropped(), 2u);
}

TEST(Outbox, TellsOfAGapAlsoWhenNothingFollows) {
    const auto room = make_channel("room:1", overflow::drop_newest);
    outbox box({.max_bytes = 1});
    box.push(make_numbered(room, 1));
    box.push(make_numbered(room, 2));
    EXPECT_EQ(heard(write_all(box)), (strings{"1", "gap 1 @2"}));
}

TEST(Outbox, TellsOfItsOwnGapBeforeOneOfTheHubs) {
    const auto room = make_channel("room:1", overflow::drop_newest);
    outbox box({.max_bytes = 1});
    box.push(make_numbered(room, 1));
    box.push(make_numbered(room, 2));
    box.push(make_frame({.type = "gap", .channel = room->name, .data = {{"dropped", 5}, {"offset", 7}}},
                        {.channel = room, .control = true}));
    box.push(make_numbered(room, 8));
    EXPECT_EQ(heard(write_all(box)), (strings{"1", "gap 1 @2", "gap 5 @7", "gap 1 @8"}));
}

TEST(Outbox, DropsTheOldestOfTheSameChannel) {
    const auto room = make_channel("room:1", overflow::drop_oldest);
    const auto other = make_channel("other", overflow::close);
    const auto size = make_numbered(room, 1, 200).size();
    outbox box({.max_bytes = 4 * size + 110});
    box.push(make_numbered(other, 100, 200));
    for (std::uint64_t n = 1; n <= 6; ++n)
        EXPECT_EQ(box.push(make_numbered(room, n, 200)), verdict::queued) << n;
    EXPECT_EQ(heard(write_all(box)), (strings{"100", "gap 3 @3", "4", "5", "6"}));
    EXPECT_EQ(box.dropped(), 3u);
}

TEST(Outbox, DropsTheNewWhereTheOldWouldNotMakeRoom) {
    const auto room = make_channel("room:1", overflow::drop_oldest);
    outbox box({.max_bytes = 1000});
    box.push(make_numbered(make_channel("other", overflow::close), 100, 800));
    EXPECT_EQ(box.push(make_numbered(room, 1)), verdict::queued);
    EXPECT_EQ(box.push(make_numbered(room, 2, 500)), verdict::dropped);
    EXPECT_EQ(heard(write_all(box)), (strings{"100", "1", "gap 1 @2"}));
}

TEST(Outbox, KeepsTheLatestOfEachKeyAtTheBound) {
    const auto price = make_channel("price", overflow::keep_latest);
    const auto size = make_numbered(price, 1, 200, "EUR").size();
    outbox box({.max_bytes = 3 * size + 300});
    box.push(make_numbered(price, 1, 200, "EUR"));
    box.push(make_numbered(price, 2, 200, "USD"));
    box.push(make_numbered(price, 3, 200, "EUR"));
    EXPECT_EQ(box.dropped(), 0u) << "there was room";
    box.push(make_numbered(price, 4, 200, "EUR"));
    EXPECT_EQ(box.push(make_numbered(price, 5, 200, "USD")), verdict::queued);
    EXPECT_EQ(heard(write_all(box)).back(), "5");
    EXPECT_GE(box.dropped(), 1u);
}

TEST(Outbox, KeepsTheLatestOfEachKeyWhileAFrameIsHalfWayOut) {
    const auto price = make_channel("price", overflow::keep_latest);
    outbox box;
    std::string all;
    box.push(make_numbered(price, 1, 0, "EUR"));
    all += write_some(box, 5);
    for (std::uint64_t n = 2; n <= 7; ++n)
        box.push(make_numbered(price, n, 0, n % 2 ? "EUR" : "USD"));
    all += write_all(box);
    EXPECT_EQ(heard(all), (strings{"1", "gap 4 @5", "6", "7"}));
    EXPECT_EQ(box.dropped(), 4u);
}

TEST(Outbox, LetsControlFramesOvertakeButNotInsideAFrame) {
    const auto room = make_channel("room:1", overflow::close);
    outbox box;
    const auto first = make_numbered(room, 1);
    box.push(first);
    box.push(make_numbered(room, 2));
    std::string all = write_some(box, 4);
    const std::string pong("\x8a\x02hi", 4);
    box.push_control(pong);
    all += write_all(box);
    EXPECT_EQ(all.substr(first.size(), pong.size()), pong);
    EXPECT_EQ(heard(all.substr(0, first.size()) + all.substr(first.size() + pong.size())), (strings{"1", "2"}));
}

TEST(Outbox, BoundsControlFrames) {
    outbox box;
    const std::string pong = std::string("\x8a\x7d") + std::string(125, '.');
    std::size_t taken = 0;
    while (box.push_control(pong) == verdict::queued)
        ++taken;
    EXPECT_EQ(taken, 64u * 1024 / pong.size());
}

TEST(Outbox, NeverDropsAnswersAndKeepsTheirPlace) {
    const auto room = make_channel("room:1", overflow::drop_oldest);
    outbox box({.max_bytes = 400});
    box.push(make_numbered(room, 1, 200));
    box.push(make_answer("yes"));
    for (std::uint64_t n = 2; n <= 9; ++n)
        box.push(make_numbered(room, n, 100));
    const auto got = heard(write_all(box));
    EXPECT_NE(std::ranges::find(got, "yes"), got.end());
    EXPECT_EQ(got.back(), "9");
}

TEST(Outbox, BoundsAnswers) {
    outbox box({.max_bytes = 500});
    EXPECT_EQ(box.push(make_answer(std::string(2000, '.'))), verdict::queued) << "one alone goes in";
    EXPECT_EQ(box.push(make_answer("yes")), verdict::close);
}

TEST(Outbox, LetsGoOfWhatIsBehindTheLastFrame) {
    const auto room = make_channel("room:1", overflow::close);
    outbox box;
    const auto first = make_numbered(room, 1);
    box.push(first);
    box.push(make_numbered(room, 2));
    std::string all = write_some(box, 4);
    const std::string close("\x88\x02\x03\xe8", 4);
    box.push_last(close);
    all += write_all(box);
    EXPECT_EQ(all, std::string(first.websocket()) + close);
    EXPECT_EQ(box.dropped(), 0u);
}

TEST(Outbox, SendsTheEncodingThatIsAskedFor) {
    const auto f = make_numbered(make_channel("c", overflow::close), 1);
    outbox box({.gap_as = +[](const frame&) -> std::string_view { return "gap"; }});
    const auto events =
        f.encoded(frame::encoding::event, +[](const frame& of) { return "data:" + std::string(of.text()); });
    box.push(f, events);
    EXPECT_EQ(write_all(box), events);
}

TEST(Outbox, EncodesGapsAsTold) {
    const auto room = make_channel("c", overflow::drop_newest);
    outbox box({.max_bytes = 1, .gap_as = +[](const frame&) -> std::string_view { return "gap"; }});
    box.push(make_numbered(room, 1), "one");
    box.push(make_numbered(room, 2), "two");
    EXPECT_EQ(write_all(box), "onegap");
}

TEST(Outbox, GathersNoMoreThanThereIsRoomFor) {
    outbox box;
    const auto room = make_channel("c", overflow::close);
    for (std::uint64_t n = 1; n <= 100; ++n)
        box.push(make_numbered(room, n));
    std::array<std::string_view, 64> pieces;
    EXPECT_EQ(box.gather(pieces), 64u);
    EXPECT_EQ(box.gather(std::span(pieces).first(3)), 3u);
}

TEST(Outbox, GivesMessagesOneByOneToThoseWhoWant) {
    const auto room = make_channel("room:1", overflow::drop_newest);
    outbox box({.max_bytes = 1});
    EXPECT_FALSE(box.take());
    box.push(make_numbered(room, 1));
    box.push(make_numbered(room, 2));
    box.push(make_numbered(room, 3));
    EXPECT_EQ(box.take().facts().offset, 1u);
    const auto gap = box.take();
    EXPECT_EQ(gap.facts().channel, room);
    EXPECT_EQ(gap.facts().offset, 3u);
    EXPECT_EQ(gap.text(), R"({"type":"gap","channel":"room:1","data":{"dropped":2,"offset":3}})");
    EXPECT_TRUE(box.empty());
    EXPECT_FALSE(box.take());
}

// --- The truth of it -------------------------------------------------------------------------------------------------

// What a client knows of a channel: the last number it saw, and how many it was told that it missed since.
struct channel_view {
    std::uint64_t last = 0;
    std::uint64_t told = 0;
    std::uint64_t told_upto = 0;
    std::uint64_t heard = 0;
    std::uint64_t missed = 0;

    void hears(std::uint64_t number) {
        ASSERT_GT(number, last + told) << "twice, or out of order";
        ASSERT_EQ(number, last + told + 1) << "missing without a word";
        if (told > 0)
            ASSERT_EQ(told_upto, number - 1);
        last = number;
        told = 0;
        ++heard;
    }
    void hears_of_gap(std::uint64_t dropped, std::uint64_t upto) {
        told += dropped;
        missed += dropped;
        told_upto = upto;
        ASSERT_EQ(last + told, upto);
    }
};

void listen(std::map<std::string, channel_view>& client, std::string_view bytes) {
    for (const auto& text : texts_in(bytes)) {
        const auto read = json::parse<json::value>(text);
        const auto& data = read->at("data");
        auto& channel = client[std::string(read->at("channel").as_string())];
        if (read->at("type") == "gap")
            channel.hears_of_gap(data.at("dropped").to_number<std::uint64_t>(),
                                 data.at("offset").to_number<std::uint64_t>());
        else
            channel.hears(data.at("n").to_number<std::uint64_t>());
    }
}

class OutboxUnderChance : public ::testing::TestWithParam<unsigned> {};

TEST_P(OutboxUnderChance, EveryMessageArrivesInOrderOrIsCountedByAGapBeforeTheNext) {
    std::mt19937 chance(GetParam());
    const auto below = [&](std::uint32_t n) { return chance() % n; };
    const std::vector<std::shared_ptr<const channel_facts>> channels{
        make_channel("newest", overflow::drop_newest), make_channel("oldest", overflow::drop_oldest),
        make_channel("latest", overflow::keep_latest), make_channel("oldest2", overflow::drop_oldest)};
    std::vector<std::uint64_t> said(channels.size());
    const std::size_t bound = 200 + below(4000);
    const std::size_t beside = GetParam() % 2 ? 0 : 300;
    outbox box({.max_bytes = bound, .beside_each = beside});
    std::string all;
    for (int step = 0; step < 600; ++step) {
        if (below(3) > 0) {
            const auto which = below(static_cast<std::uint32_t>(channels.size()));
            const auto key = std::string(1, static_cast<char>('a' + below(4)));
            box.push(make_numbered(channels[which], ++said[which], below(300), key));
        } else {
            all += write_some(box, below(2) ? below(40) : below(2000));
        }
        ASSERT_LE(box.bytes(), std::max<std::size_t>(bound, 500 + beside) + channels.size() * (120 + beside));
    }
    all += write_all(box);
    std::map<std::string, channel_view> client;
    listen(client, all);
    std::uint64_t missed = 0;
    for (std::size_t i = 0; i < channels.size(); ++i) {
        const auto& view = client[channels[i]->name];
        EXPECT_EQ(view.last + view.told, said[i]) << channels[i]->name;
        EXPECT_EQ(view.heard + view.missed, said[i]) << channels[i]->name;
        EXPECT_EQ(channels[i]->dropped.value(), view.missed) << channels[i]->name;
        missed += view.missed;
    }
    EXPECT_EQ(box.dropped(), missed);
    EXPECT_EQ(box.bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, OutboxUnderChance, ::testing::Range(1u, 41u));

} // namespace
} // namespace infra::realtime
