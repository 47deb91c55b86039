#include "src/slot_map.hpp"

#include "tests/notation.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

const address asked{.host = "10.0.0.1", .port = 7000};

reply reply_of(std::string_view wire) {
    parser p;
    EXPECT_EQ(p.feed(wire), parser::status::message) << p.why();
    return p.take();
}

std::string at(const slot_map& map, std::uint16_t slot) {
    const auto* const owner = map.owner(slot);
    return owner ? to_string(*owner) : "nobody";
}

std::string text(std::string_view word) {
    return "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
}

std::string node(std::string_view host, int port) {
    return "*4\r\n" + text(host) + ":" + std::to_string(port) + "\r\n" + text("id") + "*0\r\n";
}

std::string range(int first, int last, const std::string& nodes, int more = 1) {
    return "*" + std::to_string(2 + more) + "\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n" +
           nodes;
}

TEST(RedisSlotMap, KnowsTheMastersOfAReply) {
    const auto map = slot_map::from(
        reply_of("*3\r\n" + range(0, 99, node("10.0.0.1", 7000) + node("10.0.0.9", 7000), 2) +
                 range(100, 100, node("redis-b.internal", 7001)) + range(16000, 16383, node("10.0.0.1", 7000))),
        asked);
    EXPECT_EQ(at(map, 0), "10.0.0.1:7000");
    EXPECT_EQ(at(map, 99), "10.0.0.1:7000");
    EXPECT_EQ(at(map, 100), "redis-b.internal:7001");
    EXPECT_EQ(at(map, 101), "nobody");
    EXPECT_EQ(at(map, 16383), "10.0.0.1:7000");
    EXPECT_EQ(map.masters().size(), 2u) << "replicas are none";
    EXPECT_TRUE(map.has_master({.host = "redis-b.internal", .port = 7001}));
    EXPECT_FALSE(map.has_master({.host = "10.0.0.9", .port = 7000}));
}

TEST(RedisSlotMap, TakesTheHostThatWasAskedForOneThatIsNotTold) {
    const auto empty = slot_map::from(reply_of("*1\r\n" + range(0, 1, node("", 7005))), asked);
    EXPECT_EQ(at(empty, 0), "10.0.0.1:7005");
    const auto null = slot_map::from(reply_of("*1\r\n*3\r\n:0\r\n:1\r\n*3\r\n$-1\r\n:7006\r\n" + text("id")), asked);
    EXPECT_EQ(at(null, 1), "10.0.0.1:7006");
    const auto unknown = slot_map::from(reply_of("*1\r\n" + range(0, 1, node("?", 7005))), asked);
    EXPECT_EQ(at(unknown, 0), "nobody");
}

// Nodes that know no name for themselves would be found elsewhere with each question.
TEST(RedisSlotMap, KeepsTheNameThatOthersHaveForANode) {
    const auto by_others = slot_map::from(reply_of("*1\r\n" + range(0, 1, node("10.0.0.7", 7005))), asked);
    const auto by_itself = reply_of("*1\r\n" + range(0, 1, node("", 7005)));
    EXPECT_EQ(at(slot_map::from(by_itself, asked, &by_others), 0), "10.0.0.7:7005");
    const auto elsewhere = slot_map::from(reply_of("*1\r\n" + range(0, 1, node("10.0.0.7", 7006))), asked);
    EXPECT_EQ(at(slot_map::from(by_itself, asked, &elsewhere), 0), "10.0.0.1:7005") << "it has another port by now";
}

TEST(RedisSlotMap, ReadsTheEpoch) {
    EXPECT_EQ(epoch_in(reply(std::string("cluster_state:ok\r\ncluster_current_epoch:12\r\ncluster_my_epoch:3\r\n"))),
              12u);
    EXPECT_EQ(epoch_in(reply(std::string("cluster_state:ok\r\n"))), 0u);
    EXPECT_EQ(epoch_in(reply(std::string("cluster_current_epoch:x"))), 0u);
    EXPECT_EQ(epoch_in(reply("NOPERM", reply::kind::error)), 0u);
}

TEST(RedisSlotMap, RepointsOneSlot) {
    auto map = slot_map::from(reply_of("*1\r\n" + range(0, 16383, node("a", 1))), asked);
    EXPECT_FALSE(map.repoint(5, {.host = "a", .port = 1}));
    EXPECT_TRUE(map.repoint(5, {.host = "b", .port = 2}));
    EXPECT_FALSE(map.repoint(5, {.host = "b", .port = 2}));
    EXPECT_EQ(at(map, 4), "a:1");
    EXPECT_EQ(at(map, 5), "b:2");
}

TEST(RedisSlotMap, RefusesWhatIsNone) {
    const std::string cases[] = {
        "+OK\r\n",
        ":1\r\n",
        "%1\r\n+a\r\n+b\r\n",
        "*1\r\n+OK\r\n",
        "*1\r\n*2\r\n:0\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n*0\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n+host\r\n",
        "*1\r\n" + range(-1, 1, node("a", 1)),
        "*1\r\n" + range(2, 1, node("a", 1)),
        "*1\r\n" + range(0, 16384, node("a", 1)),
        "*1\r\n" + range(0, 1, node("a", 65536)),
        "*1\r\n" + range(0, 1, node("a", -1)),
        "*1\r\n" + range(0, 1, node(std::string(256, 'a'), 1)),
        "*1\r\n*3\r\n+0\r\n:1\r\n" + node("a", 1),
        "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n:5\r\n:1\r\n",
    };
    for (const auto& wire : cases) {
        try {
            (void)slot_map::from(reply_of(wire), asked);
            ADD_FAILURE() << wire;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::protocol) << wire;
        }
    }
    try {
        (void)slot_map::from(reply_of("-ERR This instance has cluster support disabled\r\n"), asked);
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::server);
    }
}

TEST(RedisSlotMap, IsBounded) {
    std::string many = "*2000\r\n";
    for (int i = 0; i < 2000; ++i)
        many += range(i, i, node("h" + std::to_string(i), 1));
    EXPECT_THROW((void)slot_map::from(reply_of(many), asked), error);
    EXPECT_THROW(
        (void)slot_map::from(reply_of("*2\r\n" + range(0, 16383, node("a", 1)) + range(0, 0, node("b", 1))), asked),
        error)
        << "each slot once, or a reply could make us fill them all again and again";
}

} // namespace
} // namespace infra::redis::detail
