#include <infra/redis/subscription.hpp>

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

using kind = message::kind;

class RedisSubscription : public ::testing::TestWithParam<int> {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace(std::vector<std::string>{}, false);
        between.emplace(loop.get_executor(), one->socket());
        auto to = between->to();
        to.protocol = GetParam();
        redis.emplace(std::vector{loop.get_executor()}, to);
        publisher.emplace(std::vector{loop.get_executor()}, one->over_socket());
    }

    subscription subscribe(subscribe_request to) { return loop.get(redis->subscribe(std::move(to))); }
    int publish(const char* channel, const char* payload) {
        return loop.get(publisher->execute<int>({"PUBLISH", channel, payload}));
    }

    /// The next `n`, or more if they come together.
    std::vector<message> hear(const subscription& from, std::size_t n) {
        std::vector<message> all;
        while (all.size() < n)
            for (auto& each : loop.get(from.receive()))
                all.push_back(std::move(each));
        return all;
    }

    std::optional<server> one;
    test_loop loop;
    std::optional<proxy> between;
    std::optional<client> redis;
    std::optional<client> publisher;
};

TEST_P(RedisSubscription, HearsChannelsAndPatterns) {
    const auto news = subscribe({.channels = {"news", "weather"}, .patterns = {"user.*"}});
    EXPECT_EQ(publish("news", "a"), 1);
    EXPECT_EQ(publish("user.7", "b"), 1);
    EXPECT_EQ(publish("other", "c"), 0);
    EXPECT_EQ(publish("weather", ""), 1);
    EXPECT_EQ(hear(news, 3), (std::vector<message>{{.channel = "news", .payload = "a"},
                                                   {.channel = "user.7", .pattern = "user.*", .payload = "b"},
                                                   {.channel = "weather", .payload = ""}}));
}

TEST_P(RedisSubscription, HearsShardChannels) {
    const auto news = subscribe({.shard_channels = {"news"}});
    EXPECT_EQ(loop.get(publisher->execute<int>({"SPUBLISH", "news", "a"})), 1);
    EXPECT_EQ(hear(news, 1), (std::vector<message>{{.channel = "news", .payload = "a"}}));
}

TEST_P(RedisSubscription, SharesOneConnectionAmongMany) {
    const auto first = subscribe({.channels = {"a", "b"}});
    std::optional second = subscribe({.channels = {"b"}});
    EXPECT_EQ(publish("b", "1"), 1);
    EXPECT_EQ(hear(first, 1), hear(*second, 1));
    second.reset();
    loop.settle();
    EXPECT_EQ(publish("b", "2"), 1) << "the first still listens";
    EXPECT_EQ(hear(first, 1).front().payload, "2");
    EXPECT_EQ(between->accepted(), 1u);
}

TEST_P(RedisSubscription, TakesMoreAndLetsGoOfSome) {
    const auto news = subscribe({.channels = {"a"}});
    loop.wait(news.add({.channels = {"b", "c"}, .patterns = {"user.*"}}));
    EXPECT_EQ(publish("b", "1"), 1);
    EXPECT_EQ(publish("user.1", "2"), 1);
    EXPECT_EQ(hear(news, 2).back().pattern, "user.*");
    news.remove({.channels = {"a", "b", "never heard of"}, .patterns = {"user.*"}});
    loop.until([&] { return publish("a", "x") + publish("b", "x") + publish("user.1", "x") == 0; });
    between->cut();
    const auto back = hear(news, 1);
    EXPECT_EQ(back.back().type, kind::resumed);
    EXPECT_EQ(publish("a", "x") + publish("b", "x"), 0);
    EXPECT_EQ(publish("c", "3"), 1);
    EXPECT_EQ(hear(news, 1).front().payload, "3");
    EXPECT_EQ(between->accepted(), 2u);
}

TEST_P(RedisSubscription, MayListenToNothingForAWhile) {
    const auto news = subscribe({.channels = {"a"}});
    news.remove({.channels = {"a"}});
    loop.until([&] { return publish("a", "x") == 0; });
    loop.wait(news.add({.channels = {"a"}}));
    EXPECT_EQ(publish("a", "y"), 1);
    loop.until([&] { return hear(news, 1).back().payload == "y"; });
}

TEST_P(RedisSubscription, AddsNothingThatIsRefused) {
    const auto news = subscribe({.channels = {"a"}});
    const auto late = loop.run(news.add({.channels = {"b"}}, deadline(steady_time{})));
    EXPECT_TRUE(late->failure);
    loop.until([&] { return publish("b", "x") == 0; });
    EXPECT_EQ(publish("a", "y"), 1);
}

TEST_P(RedisSubscription, EndsWithItsHandle) {
    std::optional a = subscribe({.channels = {"a"}});
    const auto b = subscribe({.channels = {"b"}});
    a.reset();
    loop.until([&] { return publish("a", "x") == 0; });
    EXPECT_EQ(publish("b", "y"), 1);
}

TEST_P(RedisSubscription, KeepsNoConnectionForNobody) {
    {
        const auto a = subscribe({.channels = {"a"}});
    }
    loop.until([&] { return loop.get(publisher->execute<std::string>({"CLIENT", "LIST", "TYPE", "pubsub"})).empty(); });
    const auto again = subscribe({.channels = {"a"}});
    EXPECT_EQ(publish("a", "x"), 1);
}

TEST_P(RedisSubscription, SubscribesAgainAfterALoss) {
    const auto news = subscribe({.channels = {"news"}, .patterns = {"user.*"}});
    between->cut();
    const auto back = hear(news, 1);
    EXPECT_EQ(back.front().type, kind::resumed);
    EXPECT_EQ(publish("news", "a"), 1);
    EXPECT_EQ(publish("user.1", "b"), 1);
    EXPECT_EQ(hear(news, 2).back().payload, "b");
}

TEST_P(RedisSubscription, SubscribesToShardChannelsAgainAfterALoss) {
    const auto news = subscribe({.shard_channels = {"news"}});
    between->cut();
    EXPECT_EQ(hear(news, 1).front().type, kind::resumed);
    EXPECT_EQ(loop.get(publisher->execute<int>({"SPUBLISH", "news", "a"})), 1);
    EXPECT_EQ(hear(news, 1).front().payload, "a");
}

// Half a gigabyte is announced where a message would be.
TEST_P(RedisSubscription, WaitsForNothingThatIsTooLarge) {
    const auto news = subscribe({.channels = {"news"}});
    between->on_reply = [&](std::string) -> std::optional<std::string> {
        between->on_reply = nullptr;
        return (GetParam() == 3 ? ">3" : "*3") + std::string("\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$536870912\r\nabc");
    };
    publish("news", "a");
    EXPECT_EQ(hear(news, 1).front().type, kind::resumed) << "on another connection";
    EXPECT_NE(redis->status().last_problem.find("a reply is larger than"), std::string::npos)
        << redis->status().last_problem;
    EXPECT_EQ(publish("news", "b"), 1);
    EXPECT_EQ(hear(news, 1).front().payload, "b");
}

TEST_P(RedisSubscription, SurvivesAServerThatIsKilled) {
    const auto news = subscribe({.channels = {"news"}});
    one->kill();
    loop.settle();
    one->start();
    EXPECT_EQ(hear(news, 1).front().type, kind::resumed);
    EXPECT_EQ(publish("news", "a"), 1);
    EXPECT_EQ(hear(news, 1).front().payload, "a");
}

TEST_P(RedisSubscription, DropsAndCountsWhatNobodyReads) {
    const auto news = subscribe({.channels = {"news"}, .max_unread = 2});
    for (const char* each : {"1", "2", "3", "4"})
        publish("news", each);
    loop.until([&] { return news.missed() == 2; });
    const auto heard = hear(news, 2);
    EXPECT_EQ(heard.back().payload, "2") << "the oldest are kept";
}

TEST_P(RedisSubscription, IsRefusedWhatTheServerRefuses) {
    loop.wait(
        publisher->execute<void>({"ACL", "SETUSER", "deaf", "on", ">pw", "+@all", "~*", "resetchannels", "&mine"}));
    auto to = between->to();
    to.username = "deaf";
    to.password = "pw";
    to.protocol = GetParam();
    const client deaf({loop.get_executor()}, to);
    const auto refused = loop.run(deaf.subscribe({.channels = {"mine", "other"}}));
    EXPECT_EQ(refused->code(), errc::server);
    EXPECT_EQ(refused->what().find("NOPERM"), 0u) << refused->what();
    const auto mine = loop.get(deaf.subscribe({.channels = {"mine"}}));
    EXPECT_EQ(publish("mine", "a"), 1);
    EXPECT_EQ(hear(mine, 1).front().payload, "a");
}

TEST_P(RedisSubscription, SubscribesAgainUntilItIsLetTo) {
    const auto may = [&](const char* channels) {
        loop.wait(publisher->execute<void>(
            {"ACL", "SETUSER", "reader", "on", ">pw", "+@all", "~*", "resetchannels", channels}));
    };
    may("&*");
    auto to = between->to();
    to.username = "reader";
    to.password = "pw";
    to.protocol = GetParam();
    const client reader({loop.get_executor()}, to);
    const auto news = loop.get(reader.subscribe({.channels = {"news"}}));
    may("&none"); // and cuts those who listen
    loop.until(
        [&] { return reader.status().last_problem.find("cannot subscribe again: NOPERM") != std::string::npos; });
    may("&*");
    EXPECT_EQ(hear(news, 1).front().type, kind::resumed);
    EXPECT_EQ(publish("news", "a"), 1);
}

TEST_P(RedisSubscription, SubscribesAgainWhatTheServerTookOff) {
    const auto news = subscribe({.channels = {"news"}});
    between->on_reply = [&](std::string bytes) -> std::optional<std::string> {
        between->on_reply = nullptr;
        return bytes + (GetParam() == 3 ? '>' : '*') + "3\r\n$11\r\nunsubscribe\r\n$4\r\nnews\r\n:0\r\n";
    };
    publish("news", "a");
    const auto heard = hear(news, 2);
    EXPECT_EQ(heard.front().payload, "a");
    EXPECT_EQ(heard.back().type, kind::resumed);
    EXPECT_EQ(publish("news", "b"), 1);
}

TEST_P(RedisSubscription, DropsWhatIsTooLargeToLieUnread) {
    const auto news = subscribe({.channels = {"news"}, .max_unread_bytes = 10'000});
    const std::string large(4'000, 'x'), huge(20'000, 'y');
    for (int i = 0; i < 3; ++i)
        publish("news", large.c_str());
    loop.until([&] { return news.missed() == 1; });
    EXPECT_EQ(hear(news, 2).size(), 2u);
    publish("news", huge.c_str());
    EXPECT_EQ(hear(news, 1).front().payload, huge) << "what is alone is kept, and what was read takes no room";
    EXPECT_EQ(news.missed(), 1u);
}

TEST_P(RedisSubscription, EndsByItsDeadline) {
    between->refusing = true;
    const auto late = loop.run(redis->subscribe({.channels = {"news"}}, deadline::after(100ms)));
    EXPECT_EQ(late->code(), errc::not_connected);
}

TEST_P(RedisSubscription, IsClosedWithTheClient) {
    const auto news = subscribe({.channels = {"news"}});
    publish("news", "a");
    loop.settle();
    const auto waits = loop.spawn(news.receive());
    loop.until([&] { return waits->done(); });
    const auto waits_more = loop.spawn(news.receive());
    redis.reset();
    loop.until([&] { return waits_more->done(); });
    EXPECT_EQ(waits_more->code(), infra::errc::closed);
}

TEST_P(RedisSubscription, IsForNobodyWhenItsCallerHasLeft) {
    asio::cancellation_signal stop;
    between->on_reply = [&](std::string bytes) -> std::optional<std::string> {
        if (bytes.find("subscribe") != std::string::npos)
            asio::post(loop.io, [&] { stop.emit(asio::cancellation_type::terminal); });
        return bytes;
    };
    const auto asked = loop.spawn(redis->subscribe({.channels = {"news"}}), stop.slot());
    loop.until([&] { return asked->done(); });
    asked->value.reset();
    loop.until([&] { return publish("news", "a") == 0; });
}

TEST_P(RedisSubscription, MustNameSomething) {
    EXPECT_EQ(loop.run(redis->subscribe({}))->code(), infra::errc::invalid_input);
    EXPECT_THROW(loop.get(redis->subscribe({.channels = {"a"}, .max_unread = 0})), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Protocol, RedisSubscription, ::testing::Values(2, 3),
                         [](const auto& info) { return "Resp" + std::to_string(info.param); });

} // namespace
} // namespace infra::redis
