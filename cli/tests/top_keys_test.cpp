#include "src/top_keys.hpp"

#include <gtest/gtest.h>

namespace infra::cli::top {
namespace {

std::vector<key> read(std::initializer_list<std::string_view> pieces) {
    key_reader keys;
    std::vector<key> all;
    for (const auto each : pieces)
        for (const auto& one : keys.read(each))
            all.push_back(one.which);
    return all;
}

using ks = std::vector<key>;

TEST(TopKeys, AreReadFromBytes) {
    EXPECT_EQ(read({"q ?srjk\tgG\x03"}), (ks{key::quit, key::pause, key::help, key::sort, key::reverse, key::down,
                                             key::up, key::next, key::first, key::last, key::quit}));
    EXPECT_EQ(read({"\x1b[A\x1b[B\x1bOA\x1b[C\x1b[D\x1b[Z"}),
              (ks{key::up, key::down, key::up, key::next, key::previous, key::previous}));
    EXPECT_EQ(read({"\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[1~\x1b[4~"}),
              (ks{key::page_up, key::page_down, key::first, key::last, key::first, key::last}));
    key_reader keys;
    EXPECT_EQ(keys.read("1"), (std::vector<pressed>{{key::section_1, 0}}));
    EXPECT_EQ(keys.read("5"), (std::vector<pressed>{{key::section_1, 4}}));
    EXPECT_EQ(keys.read("6"), (std::vector<pressed>{{}}));
}

TEST(TopKeys, ComeInPieces) {
    EXPECT_EQ(read({"\x1b", "[", "A"}), ks{key::up});
    EXPECT_EQ(read({"\x1b[", "5", "~q"}), (ks{key::page_up, key::quit}));
    EXPECT_EQ(read({"\x1b", "q"}), (ks{key::escape, key::quit})) << "Escape alone, then q";
    EXPECT_EQ(read({"\x1bq"}), ks{key::other}) << "Alt and q";
}

TEST(TopKeys, OfNoMeaningDoNothing) {
    EXPECT_EQ(read({"\x1b[1;5A"}), ks{key::other});
    EXPECT_EQ(read({"\x1b[M"}), ks{key::other});
    EXPECT_EQ(read({"x", "\xc3\xa4"}), (ks{key::other, key::other, key::other}));
    EXPECT_EQ(read({"\x1b[" + std::string(100, '1')}).size(), 100u - 13) << "no sequence is longer than 16 bytes";
    view now;
    press(now, {}, 5, 5);
    EXPECT_FALSE(now.ended || now.paused || now.help || now.scroll);
}

view after(std::initializer_list<key> all, view now = {}, std::size_t most_scroll = 10, std::size_t page = 4) {
    for (const auto each : all)
        press(now, {each}, most_scroll, page);
    return now;
}

TEST(TopView, ScrollsWithinWhatThereIs) {
    EXPECT_EQ(after({key::up}).scroll, 0u);
    EXPECT_EQ(after({key::down, key::down}).scroll, 2u);
    EXPECT_EQ(after({key::page_down, key::page_down, key::page_down}).scroll, 10u);
    EXPECT_EQ(after({key::last, key::page_up}).scroll, 6u);
    EXPECT_EQ(after({key::last, key::first}).scroll, 0u);
    EXPECT_EQ(after({key::down}, {}, 0).scroll, 0u);
    EXPECT_EQ(after({key::up}, {.scroll = 50}).scroll, 9u) << "there is less than there was";
}

TEST(TopView, GoesFromSectionToSectionAndBeginsAtTheTop) {
    EXPECT_EQ(after({key::down, key::next}).at, section::queues);
    EXPECT_EQ(after({key::down, key::next}).scroll, 0u);
    EXPECT_EQ(after({key::previous}).at, section::attention);
    EXPECT_EQ(after({key::previous, key::next}).at, section::overview);
    view now;
    press(now, {key::section_1, 3}, 0, 1);
    EXPECT_EQ(now.at, section::checks);
}

TEST(TopView, SortsEachTableByItself) {
    const auto queues = after({key::next, key::sort});
    EXPECT_EQ(queues.order(), (sorting{2, false}));
    EXPECT_EQ(after({key::reverse}, queues).order(), (sorting{2, true}));
    EXPECT_EQ(after({key::reverse, key::sort}, queues).order(), (sorting{3, false}));
    EXPECT_EQ(after({key::next}, queues).order(), (sorting{1, false})) << "the routes";
    EXPECT_EQ(after({key::previous}, queues).order(), (sorting{2, false})) << "the overview has the queues' table";
    auto round = queues;
    for (std::size_t i = 0; i < sortable_columns(section::queues); ++i)
        press(round, {key::sort}, 0, 1);
    EXPECT_EQ(round.order(), queues.order());
    EXPECT_EQ(after({key::next, key::next, key::next, key::sort}).order(), sorting()) << "checks have one order";
}

TEST(TopView, PausesHelpsAndEnds) {
    EXPECT_TRUE(after({key::pause}).paused);
    EXPECT_FALSE(after({key::pause, key::pause}).paused);
    EXPECT_TRUE(after({key::help}).help);
    EXPECT_FALSE(after({key::help, key::help}).help);
    EXPECT_FALSE(after({key::help, key::escape}).help);
    EXPECT_EQ(after({key::help, key::down}).scroll, 0u) << "any key leaves the help, and does nothing else";
    EXPECT_TRUE(after({key::help, key::quit}).ended);
    EXPECT_TRUE(after({key::quit}).ended);
}

} // namespace
} // namespace infra::cli::top
