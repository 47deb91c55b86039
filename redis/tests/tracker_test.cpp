#include "src/tracker.hpp"

#include <infra/redis.hpp>

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

using texts = std::vector<std::string>;

reply text(std::string t) { return reply(std::move(t)); }

TEST(RedisInvalidation, IsReadFromAPush) {
    const auto some = detail::invalidation_in(
        reply({text("invalidate"), reply(reply::list{text("a"), text("b")})}, reply::kind::push));
    ASSERT_TRUE(some);
    EXPECT_FALSE(some->all);
    EXPECT_EQ(some->keys, (texts{"a", "b"}));
    const auto all = detail::invalidation_in(reply({text("invalidate"), reply()}, reply::kind::push));
    ASSERT_TRUE(all);
    EXPECT_TRUE(all->all);
}

TEST(RedisInvalidation, IsNothingElse) {
    EXPECT_FALSE(detail::invalidation_in(reply({text("invalidate"), reply(reply::list{})}))) << "an answer";
    EXPECT_FALSE(detail::invalidation_in(reply({text("message"), text("a"), text("b")}, reply::kind::push)));
    EXPECT_FALSE(detail::invalidation_in(reply({text("invalidate")}, reply::kind::push)));
    EXPECT_FALSE(detail::invalidation_in(reply({reply(), reply()}, reply::kind::push)));
}

TEST(RedisInvalidation, IsAskedForByPrefix) {
    EXPECT_EQ(detail::tracking_command({"a:", "b:"}).words(),
              (std::vector<std::string_view>{"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a:", "PREFIX", "b:"}));
    EXPECT_EQ(detail::tracking_command({}).size(), 4U);
    EXPECT_EQ(detail::tracking_command({""}).size(), 4U);
}

/// Writes down what it is told.
struct diary final : change_listener {
    void listening() override { lines.emplace_back("listening"); }
    void deaf() override { lines.emplace_back("deaf"); }
    void changed(const texts& keys) override { lines.insert(lines.end(), keys.begin(), keys.end()); }
    void all_changed() override { lines.emplace_back("all"); }
    bool says(const texts& what) const { return lines == what; }
    texts lines;
};

class RedisTracking : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace();
        between.emplace(loop.get_executor(), one->socket());
        redis.emplace(std::vector{loop.get_executor()}, between->to());
        other.emplace(std::vector{loop.get_executor()}, one->over_socket());
    }
    void set(const char* key) { loop.wait(other->execute<void>({"SET", key, "v"})); }

    std::optional<server> one;
    test_loop loop;
    std::optional<proxy> between;
    std::optional<client> redis;
    std::optional<client> other;
    std::shared_ptr<diary> heard = std::make_shared<diary>();
};

TEST_F(RedisTracking, TellsWhatOthersChangeUnderItsPrefixes) {
    const auto tracked = redis->track({.prefixes = {"a:", "b:"}}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    set("a:1");
    loop.until([&] { return heard->says({"listening", "a:1"}); });
    set("c:1");
    loop.wait(other->execute<void>({"DEL", "a:1"}));
    set("b:2");
    loop.until([&] { return heard->says({"listening", "a:1", "a:1", "b:2"}); });
}

TEST_F(RedisTracking, TellsWhatExpires) {
    const auto tracked = redis->track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    loop.wait(other->execute<void>({"SET", "k", "v", "PX", 20}));
    loop.until([&] { return heard->says({"listening", "k", "k"}); });
}

TEST_F(RedisTracking, TellsThatEverythingWasErased) {
    const auto tracked = redis->track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    loop.wait(other->execute<void>({"FLUSHDB"}));
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

} // namespace
} // namespace infra::redis
