// What moves find on Redis, whoever wrote it.

#include "move_fixture.hpp"

#include <infra/redis.hpp>

namespace infra::queue::tests {
namespace {

class QueueMoveRedis : public QueueMove {
protected:
    void SetUp() override {
        QueueMove::SetUp();
        if (server)
            direct.emplace(std::vector{loop.get_executor()}, redis::options{.socket_path = server->socket()});
    }
    redis::reply say(redis::command c) { return loop.await(direct->execute(std::move(c))); }
    strings obstacles() { return loop.await(plan_move(from, to)).obstacles; }

    std::optional<redis::client> direct;
};

class QueueMoveFromRedis : public QueueMoveRedis {};

TEST_P(QueueMoveFromRedis, SaysBeforehandWhatCannotBeCarried) {
    add({job("doomed"), job("broken"), job("fine")});
    say({"HSET", "from:mail:doomed", "defa", "its parent failed"});
    say({"HSET", "from:mail:broken", "opts", "{"});
    if (GetParam().to == storage::redis) {
        move_all();
        EXPECT_EQ(say({"HGET", "to:mail:doomed", "defa"}).as_text(), "its parent failed");
        EXPECT_EQ(say({"HGET", "to:mail:broken", "opts"}).as_text(), "{");
        return;
    }
    const auto found = obstacles();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_NE((found[0] + found[1]).find("mail:doomed"), std::string::npos);
    EXPECT_NE((found[0] + found[1]).find("mail:broken"), std::string::npos);
    EXPECT_EQ(loop.code_of(move_queues(from, to, loop.await(plan_move(from, to)), {})), infra::errc::invalid_state);
    EXPECT_FALSE(loop.await(from->settings("mail")).paused);
    EXPECT_EQ(jobs_of(*to).size(), 0u);
}

TEST_P(QueueMoveFromRedis, SaysBeforehandWhichJobHasNoId) {
    add_one(job("fine"));
    say({"HSET", "from:mail:", "timestamp", "1", "name", "x", "data", "{}", "opts", "{}"});
    say({"LPUSH", "from:mail:wait", ""});
    EXPECT_EQ(obstacles().size(), 1u);
    say({"DEL", "from:mail:"});
    say({"LREM", "from:mail:wait", 0, ""});
    EXPECT_EQ(obstacles(), strings{});
}

TEST_P(QueueMoveFromRedis, CarriesDataThatIsNoJsonAsItIs) {
    add_one(job("a"));
    say({"HSET", "from:mail:a", "data", "{no"});
    move_all();
    EXPECT_EQ(loop.await(to->get({{"mail", "a"}})).at(0)->data, "{no");
}

TEST_P(QueueMoveFromRedis, SaysWhereALockIsLeft) {
    add_one(job("a"));
    say({"SET", "from:mail:a:lock", "token"});
    const auto end = loop.start(move_queues(from, to, loop.await(plan_move(from, to)), {}));
    ASSERT_TRUE(loop.until([&] { return end->ended; }));
    try {
        std::rethrow_exception(end->failure);
    } catch (const error& e) {
        EXPECT_NE(std::string_view(e.what()).find("locked"), std::string_view::npos) << e.what();
    }
    say({"DEL", "from:mail:a:lock"});
    move_all({.resume = true});
    EXPECT_EQ(jobs_of(*to).size(), 1u);
}

TEST_P(QueueMoveFromRedis, GoesOnCountingWhereItWas) {
    say({"SET", "from:mail:id", 41}); // jobs that are gone had these
    add_one(job(""));
    move_all();
    const auto id = loop.await(to->enqueue({job("")})).at(0).id;
    EXPECT_GT(std::stoull(id), 42u) << id;
}

INSTANTIATE_TEST_SUITE_P(All, QueueMoveFromRedis,
                         ::testing::Values(ends{storage::redis, storage::sqlite}, ends{storage::redis, storage::memory},
                                           ends{storage::redis, storage::redis}),
                         name_of);

class QueueMoveToRedis : public QueueMoveRedis {};

TEST_P(QueueMoveToRedis, LosesNoJobToAKeyOfAnotherType) {
    auto later = job("later"), urgent = job("urgent", {.priority = 3});
    later.run_at = now + 1h;
    for (const auto* key : {"to:mail:wait", "to:mail:delayed", "to:mail:prioritized", "to:mail~expiring"}) {
        auto short_lived = job("short");
        short_lived.expires_at = now + 1h;
        add({job("a"), later, urgent, short_lived});
        say({"SET", key, "somebody's"});
        EXPECT_NE(loop.code_of(move_queues(from, to, loop.await(plan_move(from, to)), {})), boost::system::error_code())
            << key;
        say({"DEL", key});
        move_all({.resume = true});
        EXPECT_EQ(jobs_of(*from).size(), 0u);
        EXPECT_EQ(jobs_of(*to).size(), 4u) << key;
        expect_well();
        say({"FLUSHALL"});
    }
}

TEST_P(QueueMoveToRedis, RefusesIdsThatWouldBeOtherKeys) {
    add({job("7"), job("7:logs"), job("größe 1"), job("meta")});
    const auto found = obstacles();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_NE(found[0].find("mail:7:logs"), std::string::npos) << found[0];
    EXPECT_NE(found[0].find("mail:meta"), std::string::npos) << found[0];
    EXPECT_EQ(found[0].find("größe"), std::string::npos) << found[0];
}

TEST_P(QueueMoveToRedis, RefusesQueuesThatCannotBeThere) {
    add({job("a"), job("b", {}, "mail:eu")});
    EXPECT_EQ(obstacles().size(), 1u);
    EXPECT_EQ(loop.await(plan_move(from, to, {"mail"})).obstacles, strings{});
}

INSTANTIATE_TEST_SUITE_P(All, QueueMoveToRedis,
                         ::testing::Values(ends{storage::sqlite, storage::redis},
                                           ends{storage::memory, storage::redis}),
                         name_of);

/// One storage of two names.
class QueueMoveItself : public QueueMove {
protected:
    std::shared_ptr<backend> again() {
        if (GetParam().from == storage::redis)
            return make_redis_backend({.server = redis::options_from(server->url()), .prefix = "from"});
        std::filesystem::create_symlink(folder / "from.db", folder / "again.db");
        return make(storage::sqlite, "again");
    }
};

TEST_P(QueueMoveItself, IsRefused) {
    add({job("a"), job("b")});
    const auto same = again();
    const auto plan = loop.await(plan_move(from, same));
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(loop.code_of(move_queues(from, same, plan, {.resume = true, .anew = i == 1})),
                  infra::errc::invalid_state);
    EXPECT_EQ(jobs_of(*from).size(), 2u);
    EXPECT_FALSE(loop.await(from->settings("mail")).paused);
    loop.await(same->stop(deadline::after(30s)));
    move_all();
    EXPECT_EQ(jobs_of(*to).size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(All, QueueMoveItself,
                         ::testing::Values(ends{storage::sqlite, storage::sqlite},
                                           ends{storage::redis, storage::redis}),
                         name_of);

} // namespace
} // namespace infra::queue::tests
