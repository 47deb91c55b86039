#include "src/command_keys.hpp"

#include "tests/support.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

std::string keys(const command& c) {
    const auto words = c.words();
    const auto places = keys_of(words);
    if (!places.known)
        return "?";
    std::string out;
    for (const auto i : places.at)
        out += (out.empty() ? "" : " ") + std::string(words[i]);
    return out;
}

TEST(RedisCommandKeys, StandWhereTheCommandHasThem) {
    const std::pair<command, const char*> cases[] = {
        {{"GET", "k"}, "k"},
        {{"set", "k", "v"}, "k"},
        {{"GET"}, ""},
        {{"PING"}, ""},
        {{"PUBLISH", "c", "m"}, ""},
        {{"SPUBLISH", "c", "m"}, "c"},
        {{"DEL", "a", "b", "c"}, "a b c"},
        {{"MSET", "a", 1, "b", 2}, "a b"},
        {{"RENAME", "a", "b"}, "a b"},
        {{"BLPOP", "a", "b", 1}, "a b"},
        {{"BITOP", "AND", "d", "a", "b"}, "d a b"},
        {{"EVAL", "return 1", 2, "a", "b", "c"}, "a b"},
        {{"EVALSHA", "0", 0, "c"}, ""},
        {{"EVAL", "return 1", "x", "a"}, ""},
        {{"EVAL", "return 1", 99, "a"}, "a"},
        {{"EVAL", "return 1"}, ""},
        {{"ZUNIONSTORE", "d", 2, "a", "b", "WEIGHTS", 1, 2}, "d a b"},
        {{"ZUNION", 2, "a", "b", "WITHSCORES"}, "a b"},
        {{"LMPOP", 2, "a", "b", "LEFT"}, "a b"},
        {{"BZMPOP", 1, 2, "a", "b", "MIN"}, "a b"},
        {{"XREAD", "COUNT", 2, "STREAMS", "a", "b", 0, 0}, "a b"},
        {{"XREADGROUP", "GROUP", "g", "c", "streams", "a", ">"}, "a"},
        {{"XREAD", "STREAMS"}, ""},
        {{"SORT", "a", "STORE", "d"}, "a d"},
        {{"SORT", "a", "STORE"}, "a"},
        {{"GEORADIUS", "a", 1, 2, 3, "km", "STOREDIST", "d"}, "a d"},
        {{"XINFO", "STREAM", "a"}, "a"},
        {{"OBJECT", "HELP"}, ""},
        {{"MODULE.COMMAND", "a"}, "?"},
        {{"MIGRATE", "h", 1, "k", 0, 1}, "?"},
    };
    for (const auto& [c, wanted] : cases)
        EXPECT_EQ(keys(c), wanted) << c.name();
}

TEST(RedisCommandKeys, CrossSlotsUnlessTheyShareATag) {
    EXPECT_FALSE(slots_of({"RENAME", "{a}1", "{a}2"}).crosses);
    EXPECT_TRUE(slots_of({"RENAME", "a", "b"}).crosses);
    EXPECT_EQ(slots_of({"RENAME", "a", "b"}).slot, slot_of("a"));
    EXPECT_FALSE(slots_of({"PING"}).has_keys);
    EXPECT_FALSE(slots_of({"MODULE.COMMAND", "a"}).known);
}

TEST(RedisCommandKeys, TellWhoHearsACommandWithoutAny) {
    EXPECT_EQ(audience_of({"PING"}), audience::any);
    EXPECT_EQ(audience_of({"flushdb"}), audience::everyone);
    EXPECT_EQ(audience_of({"SCRIPT", "load", "return 1"}), audience::everyone);
    EXPECT_EQ(audience_of({"SCRIPT", "EXISTS", "x"}), audience::any);
    EXPECT_EQ(audience_of({"DBSIZE"}), audience::sum);
    EXPECT_EQ(audience_of({"KEYS", "*"}), audience::all_of);
    EXPECT_EQ(audience_of({"SCAN", 0}), audience::nobody);
}

// What a server says of a command: [name, arity, flags, first, last, step, …].
TEST(RedisCommandKeys, AgreeWithTheServer) {
    if (!server::installed())
        GTEST_SKIP() << server::how_to_install;
    server one;
    test_loop loop;
    const client redis({loop.get_executor()}, one.over_socket());
    std::size_t compared = 0;
    const auto all = loop.get(redis.execute({"COMMAND"}));
    for (const auto& each : all.items()) {
        const auto& about = each.items();
        const auto first = about[3].as_integer(), last = about[4].as_integer(), step = about[5].as_integer();
        command c{about[0].as_text(), "w1", "w2", "w3", "w4", "w5", "w6"};
        const auto words = c.words();
        const auto found = keys_of(words);
        const bool movable =
            std::ranges::any_of(about[2].items(), [](const reply& f) { return f.as_text() == "movablekeys"; });
        if (!found.known || movable || about[0].as_text() == "xgroup" || about[0].as_text() == "xinfo" ||
            about[0].as_text() == "object")
            continue;
        std::vector<std::size_t> wanted;
        const auto end = last < 0 ? static_cast<std::int64_t>(words.size()) + last : last;
        for (auto i = first; first > 0 && i <= end; i += step)
            wanted.push_back(static_cast<std::size_t>(i));
        EXPECT_EQ(found.at, wanted) << about[0].as_text();
        ++compared;
    }
    EXPECT_GT(compared, 190u);
}

TEST(RedisCommandKeys, AreCountedAsTheServerCountsThem) {
    if (!server::installed())
        GTEST_SKIP() << server::how_to_install;
    server one;
    test_loop loop;
    const client redis({loop.get_executor()}, one.over_socket());
    const command cases[] = {{"EVAL", "return 1", 2, "a", "b", "c"},
                             {"ZUNIONSTORE", "d", 2, "a", "b"},
                             {"ZINTER", 2, "a", "b"},
                             {"SINTERCARD", 2, "a", "b"},
                             {"LMPOP", 2, "a", "b", "LEFT"},
                             {"BLMPOP", 1, 2, "a", "b", "LEFT"},
                             {"XREAD", "STREAMS", "a", "b", "0", "0"},
                             {"SORT", "a", "STORE", "d"},
                             {"ZDIFF", 1, "a"},
                             {"FCALL", "f", 1, "a", "b"},
                             {"XGROUP", "DESTROY", "a", "g"},
                             {"XINFO", "STREAM", "a"},
                             {"OBJECT", "ENCODING", "a"},
                             {"SORT_RO", "a"},
                             {"BITOP", "NOT", "d", "a"}};
    for (const auto& c : cases) {
        command ask{"COMMAND", "GETKEYS"};
        ask.add_all(c.words());
        std::string told;
        const auto places = loop.get(redis.execute(ask));
        for (const auto& each : places.items())
            told += (told.empty() ? "" : " ") + each.as_text();
        EXPECT_EQ(keys(c), told) << c.name();
    }
}

} // namespace
} // namespace infra::redis::detail
