#include "src/tracker.hpp"

#include <infra/redis.hpp>

#include "tests/behind_a_proxy.hpp"
#include "tests/diary.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

class RedisTracking : public behind_a_proxy {
protected:
    void set(const char* key) { loop.wait(direct->execute<void>({"SET", key, "v"})); }

    std::shared_ptr<diary> heard = std::make_shared<diary>();
};

TEST_F(RedisTracking, TellsWhatOthersChangeUnderItsPrefixes) {
    const auto tracked = redis->track({.prefixes = {"a:", "b:"}}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    set("a:1");
    loop.until([&] { return heard->says({"listening", "a:1"}); });
    set("c:1");
    loop.wait(direct->execute<void>({"DEL", "a:1"}));
    set("b:2");
    loop.until([&] { return heard->says({"listening", "a:1", "a:1", "b:2"}); });
}

TEST_F(RedisTracking, TellsWhatExpires) {
    const auto tracked = redis->track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    loop.wait(direct->execute<void>({"SET", "k", "v", "PX", 20}));
    loop.until([&] { return heard->says({"listening", "k", "k"}); });
}

TEST_F(RedisTracking, TellsThatEverythingWasErased) {
    const auto tracked = redis->track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    loop.wait(direct->execute<void>({"FLUSHDB"}));
    loop.until([&] { return heard->says({"listening", "all"}); });
}

TEST_F(RedisTracking, SaysWhenItIsDeafAndListensAgain) {
    const auto tracked = redis->track({.prefixes = {"a:"}}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    between->cut();
    loop.until([&] { return heard->says({"listening", "deaf", "listening"}); });
    set("a:1");
    loop.until([&] { return heard->says({"listening", "deaf", "listening", "a:1"}); });
}

TEST_F(RedisTracking, IsNotDeafForEverWhereTheServerDoesNotSayThatItTells) {
    bool swallowed = false;
    between->on_reply = [&](std::string bytes) {
        const std::string ok = "+OK\r\n";
        if (const auto at = bytes.find(ok); at != bytes.npos && !std::exchange(swallowed, true))
            bytes.erase(at, ok.size());
        return std::optional(bytes);
    };
    auto o = between->to();
    o.response_timeout = 300ms;
    const client impatient({loop.get_executor()}, o);
    const auto tracked = impatient.track({}, heard);
    loop.until([&] {
        set("k"); // a connection that says something is not silent
        return !heard->lines.empty();
    });
    EXPECT_TRUE(swallowed);
    EXPECT_EQ(heard->lines.front(), "listening") << "nobody can use what is told before";
}

TEST_F(RedisTracking, NeverListensWhereTheServerSpeaksResp2) {
    auto o = one->over_socket();
    o.protocol = 2;
    const client old({loop.get_executor()}, o);
    const auto tracked = old.track({}, heard);
    set("k");
    loop.settle();
    EXPECT_TRUE(heard->lines.empty());
}

TEST_F(RedisTracking, EndsWithItsHandle) {
    {
        const auto tracked = redis->track({}, heard);
        loop.until([&] { return heard->says({"listening"}); });
    }
    loop.until([&] { return heard->says({"listening", "deaf"}); });
    set("k");
    loop.settle();
    EXPECT_TRUE(heard->says({"listening", "deaf"}));
}

TEST_F(RedisTracking, EndsWithTheClient) {
    const auto tracked = redis->track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    loop.wait(redis->stop(deadline::after(1s)));
    loop.until([&] { return heard->says({"listening", "deaf"}); });
    EXPECT_THROW((void)redis->track({}, heard), error);
}

TEST_F(RedisTracking, LetsItsListenerGo) {
    const auto tracked = redis->track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    heard.reset();
    set("k");
    loop.settle();
    between->cut();
    loop.settle();
}

// --- Where values are read, and where changes are told ---------------------------------------------------------------

// Behind the same address there may be another server by now.
TEST_F(RedisTracking, GoesTheWayOfASharedConnectionThatIsMadeAgain) {
    const auto id = loop.get(redis->execute<int>({"CLIENT", "ID"}));
    const auto tracked = redis->track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    loop.wait(direct->execute<void>({"CLIENT", "KILL", "ID", id}));
    loop.until([&] { return heard->says({"listening", "deaf", "listening"}); });
    EXPECT_EQ(redis->status().reconnects, 2u) << "its own connection was made again as well";
    set("k");
    loop.until([&] { return heard->says({"listening", "deaf", "listening", "k"}); });
}

/// A sentinel that names now one master, now another.
class RedisTrackingBehindASentinel : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        for (auto& each : both) {
            each.emplace();
            direct.push_back(std::make_unique<client>(std::vector{loop.get_executor()}, each->over_socket()));
        }
        loop.wait(direct[0]->execute<void>({"SET", "who", "first"}));
        loop.wait(direct[1]->execute<void>({"SET", "who", "second"}));
        named = both[0]->port();
        sentinel.emplace(loop.get_executor(), [this](std::size_t, const std::string& words) {
            const auto port = std::to_string(named);
            return std::optional(words.find("HELLO") != words.npos
                                     ? hello_answer
                                     : "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(port.size()) + "\r\n" + port +
                                           "\r\n*0\r\n");
        });
        const options to{.sentinel = sentinel_options{.sentinels = {{.host = "127.0.0.1", .port = sentinel->port()}},
                                                      .master = "shop"}};
        redis.emplace(std::vector{loop.get_executor()}, to);
    }
    std::string who() { return loop.get(redis->execute<std::string>({"GET", "who"})); }

    test_loop loop;
    std::optional<server> both[2];
    std::vector<std::unique_ptr<client>> direct;
    std::uint16_t named = 0;
    std::optional<actor> sentinel;
    std::optional<client> redis;
    std::shared_ptr<diary> heard = std::make_shared<diary>();
};

// What the old master says would be kept for good: it is not told of what the new one changes.
TEST_F(RedisTrackingBehindASentinel, ListensOnlyOnceValuesAreReadWhereChangesAreTold) {
    EXPECT_EQ(who(), "first");
    named = both[1]->port();
    const auto tracked = redis->track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    EXPECT_EQ(who(), "second");
}

TEST_F(RedisTrackingBehindASentinel, GoesWhereValuesAreReadFromNowOn) {
    const auto id = loop.get(redis->execute<int>({"CLIENT", "ID"}));
    const auto tracked = redis->track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    named = both[1]->port();
    loop.wait(direct[0]->execute<void>({"CLIENT", "KILL", "ID", id}));
    loop.until([&] { return heard->says({"listening", "deaf", "listening"}); });
    EXPECT_EQ(who(), "second");
    loop.wait(direct[1]->execute<void>({"SET", "k", "v"}));
    loop.until([&] { return heard->was_told_of("k"); });
}

} // namespace
} // namespace infra::redis
