#include "realtime/src/redis/recall.hpp"
#include "realtime/tests/redis/stage.hpp"

#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::realtime::over_redis {
namespace {

question newest(std::size_t limit, std::string channel = "a") { return {std::move(channel), std::nullopt, limit}; }
question since(std::uint64_t offset, std::size_t limit, std::string epoch = "e") {
    return {"a", position{std::move(epoch), offset}, limit};
}

/// `a e:4+10 <- 0 2`: of channel a, ten from 4 of epoch e on, for the first and the third who asked.
std::vector<std::string> joined(const std::vector<question>& asked) {
    std::vector<std::string> out;
    for (const auto& [what, who] : join(asked)) {
        auto line = what.channel + " ";
        if (what.from)
            line += what.from->epoch + ":" + std::to_string(what.from->offset);
        line += "+" + std::to_string(what.limit) + " <-";
        for (const auto each : who)
            line += " " + std::to_string(each);
        out.push_back(line);
    }
    return out;
}

using lines = std::vector<std::string>;

TEST(Recall, AsksOnceForTheNewestOfAChannelWhateverTheirNumber) {
    EXPECT_EQ(joined({}), lines{});
    EXPECT_EQ(joined({newest(20), newest(5), newest(100)}), lines{"a +100 <- 0 1 2"});
    EXPECT_EQ(joined({newest(20, "b"), newest(5), newest(7, "b")}), (lines{"a +5 <- 1", "b +20 <- 0 2"}));
}

TEST(Recall, AsksOnceForRangesThatOverlap) {
    EXPECT_EQ(joined({since(8, 10), since(4, 10), since(4, 10)}), lines{"a e:4+14 <- 1 2 0"});
    EXPECT_EQ(joined({since(0, 10), since(10, 10), since(20, 1)}), lines{"a e:0+21 <- 0 1 2"});
    EXPECT_EQ(joined({since(0, 100), since(10, 10)}), lines{"a e:0+100 <- 0 1"});
}

TEST(Recall, AsksApartForWhatLiesApart) {
    EXPECT_EQ(joined({since(0, 10), since(11, 10)}), (lines{"a e:0+10 <- 0", "a e:11+10 <- 1"}));
    EXPECT_EQ(joined({since(0, 10), since(0, 10, "f"), newest(3)}),
              (lines{"a +3 <- 2", "a e:0+10 <- 0", "a f:0+10 <- 1"}));
    const auto last = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(joined({since(last, 10), since(0, 10), since(last, 5)}),
              (lines{"a e:0+10 <- 1", "a e:18446744073709551615+10 <- 0 2"}));
}

TEST(Recall, ReadsNoMoreThanAThousandForAllTogether) {
    EXPECT_EQ(joined({since(0, 600), since(400, 600), since(401, 600)}),
              (lines{"a e:0+1000 <- 0 1", "a e:401+600 <- 2"}));
    EXPECT_EQ(joined({since(0, 5'000), since(10, 300)}), lines{"a e:0+5000 <- 0 1"});
    EXPECT_EQ(joined({newest(5'000), newest(3)}), lines{"a +5000 <- 0 1"});
}

/// What one who asked is given of entries 5 to `last`, by their offsets.
std::string part(std::optional<position> from, std::size_t limit, std::uint64_t last) {
    history_reply all{.now = {"e", last}};
    for (std::uint64_t offset = 5; offset <= last; ++offset)
        all.entries.push_back({.offset = offset, .text = R"({"type":"said"})"});
    if (!from)
        std::ranges::reverse(all.entries);
    const auto found = missed_since(from, limit, all);
    std::string out = found.complete ? "all:" : "lost";
    for (const auto& each : found.messages)
        out += " " + std::to_string(each.at.offset);
    return out;
}

TEST(Recall, GivesEachItsPartOfWhatWasReadForAll) {
    EXPECT_EQ(part(position{"e", 4}, 10, 9), "all: 5 6 7 8 9");
    EXPECT_EQ(part(position{"e", 7}, 10, 9), "all: 8 9");
    EXPECT_EQ(part(position{"e", 9}, 10, 9), "all:");
    EXPECT_EQ(part(position{"e", 7}, 2, 9), "all: 8 9");
    EXPECT_EQ(part(position{"e", 7}, 1, 9), "lost") << "more than it may have";
    EXPECT_EQ(part(position{"e", 3}, 10, 9), "lost") << "4 is gone";
    EXPECT_EQ(part(position{"e", 10}, 10, 9), "lost");
    EXPECT_EQ(part(position{"f", 7}, 10, 9), "lost");
    EXPECT_EQ(part(std::nullopt, 2, 9), "all: 8 9");
    EXPECT_EQ(part(std::nullopt, 10, 9), "all: 5 6 7 8 9");
}

/// At a server that has one question already, whose answer is held.
class RecallOverASlowLink : public ::testing::Test {
protected:
    using answers = std::vector<std::shared_ptr<infra::testing::outcome<std::shared_ptr<const history_reply>>>>;

    void SetUp() override {
        if (!infra::testing::redis_server::installed())
            GTEST_SKIP() << infra::testing::redis_server::how_to_install;
        server.emplace(std::vector<std::string>{}, false);
        link.emplace(loop.get_executor(), server->socket());
        on.emplace(redis_broker_options{.url = "unix://" + link->to().socket_path}, time);
        on->rules = {{"*", {.history = {.size = 10}}}};
        auto to = on->server;
        to.max_queued_commands = 40;
        on->set_redis(std::make_shared<redis::client>(std::vector{loop.get_executor()}, to, time));
        loop.get(on->redis()->ping());
        link->holds_reply = [](const std::string&) { return true; };
        occupied = loop.spawn(on->redis()->ping());
        loop.until([&] { return link->held() == 1; });
        on->up = true;
        subject.emplace(*on);
        subject->begin(loop.get_executor());
    }
    void TearDown() override {
        if (!subject)
            return;
        subject->close();
        link->let_go();
        loop.until([&] { return occupied->done() && (!answering || answering->done()); });
    }
    /// All of them before the first is answered, each of another channel.
    answers ask(int count) {
        answers asked;
        for (int i = 0; i < count; ++i)
            asked.push_back(loop.spawn(subject->read(newest(1, std::to_string(1'000 + i)))));
        loop.settle();
        answering = loop.spawn(subject->answer());
        return asked;
    }
    static bool all_done(const answers& asked) {
        return std::ranges::all_of(asked, [](const auto& each) { return each->done(); });
    }
    static auto failed(const answers& asked) {
        return std::ranges::count_if(
            asked, [](const auto& each) { return each->done() && each->code() == infra::errc::unavailable; });
    }

    manual_clock time;
    infra::testing::test_loop loop;
    std::optional<infra::testing::redis_server> server;
    std::optional<redis::proxy> link;
    std::optional<ground> on;
    std::optional<recall> subject;
    std::shared_ptr<infra::testing::outcome<std::chrono::nanoseconds>> occupied;
    std::shared_ptr<infra::testing::outcome<bool>> answering;
};

TEST_F(RecallOverASlowLink, FailsThoseAloneWhoseQuestionsWereTooManyAtOnce) {
    const auto asked = ask(100);
    loop.until([&] { return failed(asked) == 64; });
    link->let_go();
    loop.until([&] { return all_done(asked); });
    EXPECT_EQ(failed(asked), 64) << "the first batch";
    EXPECT_TRUE(asked.back()->value);
}

TEST_F(RecallOverASlowLink, FailsAllAtOnceWhereThereIsNoLink) {
    on->up = false;
    const auto asked = ask(100);
    loop.until([&] { return all_done(asked); });
    EXPECT_EQ(failed(asked), 100);
}

TEST_F(RecallOverASlowLink, LetsNobodyWaitBehindManyThatFailForLongerThanForAnAnswer) {
    const auto asked = ask(200);
    int times = 0;
    for (; !all_done(asked) && times < 10; ++times) {
        loop.settle();
        time.advance(patience);
    }
    loop.settle();
    EXPECT_TRUE(all_done(asked)) << "after " << times << " batches that took too long";
    EXPECT_EQ(failed(asked), 200);
}

} // namespace
} // namespace infra::realtime::over_redis
