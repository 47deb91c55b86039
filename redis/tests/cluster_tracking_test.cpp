// What changes in a cluster, told by all of its masters.

#include "tests/diary.hpp"
#include "tests/on_a_cluster.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

using detail::slot_of;

class RedisClusterTracking : public on_a_cluster {
protected:
    void begin(bool with_replicas = false) {
        on_a_cluster::begin(with_replicas);
        tracked = redis->track({.prefixes = {"{"}}, heard);
        loop.until([&] { return heard->listens(); });
    }

    void expect_to_hear_of(const std::string& key, std::size_t changed_at) {
        all->ask(changed_at, {"SET", key, "v"});
        loop.until([&] { return heard->was_told_of(key); });
    }

    std::shared_ptr<diary> heard = std::make_shared<diary>();
    tracking tracked;
};

TEST_F(RedisClusterTracking, TellsWhatChangesAtEachMaster) {
    begin();
    for (std::size_t i = 0; i < 3; ++i)
        expect_to_hear_of(key_of(i), i);
    EXPECT_FALSE(heard->has_been_deaf());
    loop.wait(redis->execute<void>({"FLUSHALL"}));
    loop.until([&] { return heard->was_told_of("all"); });
}

TEST_F(RedisClusterTracking, IsDeafWhileOneMasterIsNotHeard) {
    begin();
    const auto key = key_of(1);
    all->node(1).kill();
    loop.until([&] { return !heard->listens(); });
    all->node(1).start();
    loop.until([&] { return heard->listens(); });
    loop.until([&] { return !loop.run(redis->execute<void>({"SET", key, "v"}))->failure; });
    loop.until([&] { return heard->was_told_of(key); });
}

TEST_F(RedisClusterTracking, HearsTheSuccessorOfAMasterThatIsKilled) {
    begin(true);
    const auto key = key_of(1);
    all->node(1).kill();
    loop.until([&] { return !heard->listens(); });
    loop.until([&] { return heard->listens(); });
    ASSERT_NE(all->owner(slot_of(key)), 1u);
    expect_to_hear_of(key, all->owner(slot_of(key)));
}

TEST_F(RedisClusterTracking, HearsASlotThatMovesToAMasterThatIsHeardAlready) {
    begin();
    const auto key = key_of(0);
    all->ask(0, {"SET", key, "v"});
    loop.until([&] { return heard->was_told_of(key); });
    heard->lines.clear();
    all->move(slot_of(key), 0, 2);
    loop.until([&] { return heard->was_told_of(key); }); // it goes, and comes
    heard->lines.clear();
    expect_to_hear_of(key, 2);
    EXPECT_FALSE(heard->has_been_deaf());
}

// A node that takes over its first slot is in no map; values are read there all the same.
TEST_F(RedisClusterTracking, IsDeafFromWhenANodeIsReadThatNobodyHears) {
    begin(true);
    const auto key = key_of(0);
    all->make_empty_master(5);
    all->ask(0, {"SET", key, "v"});
    all->begin_to_move(slot_of(key), 0, 5);
    all->move_keys(slot_of(key), 0, 5);
    EXPECT_FALSE(heard->has_been_deaf());
    EXPECT_EQ(loop.get(redis->execute<std::string>({"GET", key})), "v");
    loop.until([&] { return heard->has_been_deaf() && heard->listens(); });
    heard->lines.clear();
    all->end_moving(slot_of(key), 0, 5);
    expect_to_hear_of(key, 5);
    loop.until([&] { return loop.get(redis->execute<std::string>({"GET", key})) == "v"; });
    EXPECT_FALSE(heard->has_been_deaf()) << "it has been heard before";
}

TEST_F(RedisClusterTracking, EndsWithItsHandle) {
    begin();
    tracked = {};
    loop.until([&] { return !heard->listens(); });
    for (std::size_t i = 0; i < 3; ++i) {
        loop.until(
            [&] { return all->ask(i, {"INFO", "clients"}).as_text().find("tracking_clients:0") != std::string::npos; });
    }
}

} // namespace
} // namespace infra::redis
