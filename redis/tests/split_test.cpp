#include "src/split.hpp"

#include "tests/notation.hpp"

#include "src/slot.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

std::string words_of(const command& c) {
    std::string out;
    for (const auto each : c.words())
        out += (out.empty() ? "" : " ") + std::string(each);
    return out;
}

TEST(RedisSplit, MakesACommandForEachSlot) {
    const auto pieces = split({"MGET", "{a}1", "{b}1", "{a}2", "{c}1", "{b}2"});
    ASSERT_EQ(pieces.size(), 3u);
    EXPECT_EQ(words_of(pieces[0].what), "MGET {a}1 {a}2");
    EXPECT_EQ(words_of(pieces[1].what), "MGET {b}1 {b}2");
    EXPECT_EQ(words_of(pieces[2].what), "MGET {c}1");
    EXPECT_EQ(pieces[1].slot, slot_of("b"));
    EXPECT_EQ(pieces[1].places, (std::vector<std::size_t>{1, 4}));
}

TEST(RedisSplit, KeepsKeysAndValuesTogether) {
    const auto pieces = split({"MSET", "{a}1", "x", "{b}1", "y", "{a}2", "z"});
    ASSERT_EQ(pieces.size(), 2u);
    EXPECT_EQ(words_of(pieces[0].what), "MSET {a}1 x {a}2 z");
    EXPECT_EQ(words_of(pieces[1].what), "MSET {b}1 y");
    EXPECT_EQ(words_of(split({"MSET", "{a}1"})[0].what), "MSET {a}1") << "for the server to refuse";
}

TEST(RedisSplit, KeepsWhatWasDeclared) {
    const auto pieces = split(command{"DEL", "a", "b"}.again(replay::never));
    ASSERT_EQ(pieces.size(), 2u);
    EXPECT_EQ(pieces[1].what.declared_replay(), replay::never);
}

TEST(RedisSplit, IsForCommandsWhoseKeysHaveNothingToDoWithEachOther) {
    for (const char* const name : {"MGET", "mset", "Del", "UNLINK", "EXISTS", "TOUCH"})
        EXPECT_TRUE(may_be_split(command(name))) << name;
    for (const char* const name : {"MSETNX", "RENAME", "SINTER", "GET", "PFCOUNT"})
        EXPECT_FALSE(may_be_split(command(name))) << name;
}

TEST(RedisJoin, PutsValuesWhereTheirKeysWere) {
    const auto pieces = split({"MGET", "{a}1", "{b}1", "{a}2"});
    EXPECT_EQ(shown(join(pieces, {reply(reply::list{reply(std::string("1")), reply()}),
                                  reply(reply::list{reply(std::string("2"))})})),
              "[\"1\" \"2\" null]");
    EXPECT_EQ(shown(join(pieces, {reply(reply::list{}), reply(reply::list{reply(1L), reply(2L), reply(3L)})})),
              "[null 1 null]")
        << "what a server does not give, or gives in excess, hurts nobody else";
}

TEST(RedisJoin, AddsNumbersAndTakesOneOfManyOks) {
    const auto pieces = split({"DEL", "a", "b", "c"});
    EXPECT_EQ(shown(join(pieces, {reply(1L), reply(0L), reply(1L)})), "2");
    EXPECT_EQ(shown(join(pieces, {reply(std::string("OK")), reply(std::string("OK")), reply(std::string("OK"))})),
              "\"OK\"");
}

TEST(RedisJoin, IsTheFirstErrorThatThereIs) {
    const auto pieces = split({"DEL", "a", "b"});
    EXPECT_EQ(shown(join(pieces, {reply(1L), reply(std::string("ERR no"), reply::kind::error)})), "-ERR no");
}

} // namespace
} // namespace infra::redis::detail
