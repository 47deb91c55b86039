#include "src/ear.hpp"

#include "tests/proxy.hpp"

#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

class RedisEar : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        real.emplace();
        between.emplace(loop.get_executor(), real->socket());
        shared = std::make_shared<common>(between->to(), real_clock());
        listens = std::make_shared<ear>(
            loop.get_executor(), shared,
            ear_events{.on_message = [](const interest&, const message&) {},
                       .on_taken_off = [this](const interest& what) { taken_off.push_back(what.name); },
                       .on_again = [] {}});
    }
    void TearDown() override {
        asio::post(loop.get_executor(), [listens = listens] {
            if (listens)
                listens->close();
        });
        loop.settle();
    }

    test_loop loop;
    std::optional<server> real;
    std::optional<proxy> between;
    std::shared_ptr<common> shared;
    std::shared_ptr<ear> listens;
    std::vector<std::string> taken_off;
};

TEST_F(RedisEar, TellsWhetherOneConnectionKnowsAllThatWasSaid) {
    const std::vector<command> both{command{"SUBSCRIBE", "a"}.again(replay::idempotent),
                                    command{"SUBSCRIBE", "b"}.again(replay::idempotent)};
    EXPECT_TRUE(loop.get(listens->say(both, deadline::after(5s))).on_one_connection);

    bool cut_short = false; // after the first confirmation
    between->on_reply = [&](std::string bytes) -> std::optional<std::string> {
        if (const auto second = bytes.find(">3", 1); second != std::string::npos && !std::exchange(cut_short, true))
            bytes.resize(second);
        return bytes;
    };
    const auto said = loop.spawn(listens->say(both, deadline::after(20s)));
    loop.until([&] { return cut_short && listens->line().oldest() && listens->line().oldest()->words()[1] == "b"; });
    between->cut();
    loop.until([&] { return said->done(); });
    ASSERT_TRUE(said->value) << said->what();
    EXPECT_EQ(said->value->replies.size(), 2u);
    EXPECT_FALSE(said->value->on_one_connection);
}

TEST_F(RedisEar, TakesTheEndOfAnotherChannelForNoAnswer) {
    loop.get(listens->say({{"SUBSCRIBE", "a"}}, deadline::after(5s)));
    between->on_reply = [](std::string bytes) -> std::optional<std::string> {
        return ">3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:1\r\n" + bytes; // unasked, just before
    };
    const auto said = loop.get(listens->say({{"UNSUBSCRIBE", "a"}}, deadline::after(5s)));
    EXPECT_EQ(said.replies.front().items()[1].as_text(), "a");
    EXPECT_EQ(taken_off, std::vector<std::string>{"b"});
}

} // namespace
} // namespace infra::redis::detail
