#include "src/subscriptions.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using enum channel_kind;

reply list_of(std::initializer_list<const char*> words, reply::kind k = reply::kind::push) {
    reply::list items;
    for (const auto* each : words)
        items.emplace_back(std::string(each));
    return reply(std::move(items), k);
}

TEST(Subscriptions, KnowWhoListensToWhat) {
    subscriptions s;
    s.add(1, interests_of({.channels = {"a", "b"}, .patterns = {"a"}}));
    s.add(2, interests_of({.channels = {"b"}, .shard_channels = {"a"}}));
    EXPECT_EQ(s.listeners({channel, "b"}), (std::set<std::uint64_t>{1, 2}));
    EXPECT_EQ(s.listeners({pattern, "a"}), std::set<std::uint64_t>{1}) << "a pattern is no channel of that name";
    EXPECT_EQ(s.listeners({channel, "c"}), std::set<std::uint64_t>{});
    EXPECT_EQ(s.everybody(), (std::set<std::uint64_t>{1, 2}));
    EXPECT_EQ(s.all().size(), 4u);
}

TEST(Subscriptions, TellWhatNobodyListensToAnyMore) {
    subscriptions s;
    s.add(1, interests_of({.channels = {"a", "b"}}));
    s.add(2, interests_of({.channels = {"b"}}));
    EXPECT_EQ(s.remove(1), (std::vector<interest>{{channel, "a"}}));
    EXPECT_EQ(s.remove(1), std::vector<interest>{});
    EXPECT_EQ(s.remove(2), (std::vector<interest>{{channel, "b"}}));
    EXPECT_TRUE(s.empty());
}

TEST(Subscriptions, LetGoOfSome) {
    subscriptions s;
    s.add(1, interests_of({.channels = {"a", "b", "c"}}));
    s.add(2, interests_of({.channels = {"b"}}));
    EXPECT_EQ(s.remove(1, interests_of({.channels = {"a", "b", "x"}, .patterns = {"c"}})),
              (std::vector<interest>{{channel, "a"}}));
    EXPECT_EQ(s.listeners({channel, "b"}), std::set<std::uint64_t>{2});
    EXPECT_EQ(s.listeners({channel, "c"}), std::set<std::uint64_t>{1});
}

TEST(Subscriptions, HaveTheirVerbs) {
    EXPECT_EQ(subscribe_to({channel, "x"}).name(), "SUBSCRIBE");
    EXPECT_EQ(subscribe_to({pattern, "x"}).name(), "PSUBSCRIBE");
    EXPECT_EQ(subscribe_to({shard, "x"}).name(), "SSUBSCRIBE");
    EXPECT_EQ(unsubscribe_from({shard, "x"}).name(), "SUNSUBSCRIBE");
    EXPECT_EQ(subscribe_to({channel, "x"}).declared_replay(), replay::idempotent);
}

TEST(Subscriptions, ReadMessagesOfBothProtocols) {
    for (const auto kind : {reply::kind::push, reply::kind::array}) {
        auto plain = list_of({"message", "news", "hello"}, kind);
        EXPECT_EQ(publication_in(plain)->second, (message{.channel = "news", .payload = "hello"}));
        auto sharded = list_of({"smessage", "news", "hello"}, kind);
        EXPECT_EQ(publication_in(sharded)->first, (interest{shard, "news"}));
        auto matched = list_of({"pmessage", "n*", "news", "hello"}, kind);
        const auto found = publication_in(matched);
        EXPECT_EQ(found->first, (interest{pattern, "n*"}));
        EXPECT_EQ(found->second, (message{.channel = "news", .pattern = "n*", .payload = "hello"}));
    }
}

TEST(Subscriptions, LeaveAllElseAlone) {
    for (auto other :
         {list_of({"message", "news"}), list_of({"pmessage", "n*", "news"}), list_of({}), list_of({"invalidate", "k"}),
          list_of({"subscribe", "news", "1"}), reply(std::string("message")), reply()}) {
        const auto before = other;
        EXPECT_FALSE(publication_in(other));
        EXPECT_EQ(other, before);
    }
}

TEST(Subscriptions, KnowConfirmations) {
    EXPECT_EQ(confirmed_by(list_of({"psubscribe", "x", "1"})), "psubscribe");
    EXPECT_EQ(confirmed_by(list_of({"sunsubscribe", "x", "0"}, reply::kind::array)), "sunsubscribe");
    EXPECT_EQ(confirmed_by(list_of({"message", "x", "y"})), "");
    EXPECT_EQ(confirmed_by(reply()), "");
}

TEST(Subscriptions, KnowWhatAnUnsubscriptionNames) {
    EXPECT_EQ(taken_off_by(list_of({"unsubscribe", "x", "0"})), (interest{channel, "x"}));
    EXPECT_EQ(taken_off_by(list_of({"punsubscribe", "x*", "0"})), (interest{pattern, "x*"}));
    EXPECT_EQ(taken_off_by(list_of({"sunsubscribe", "x", "0"})), (interest{shard, "x"}));
    EXPECT_EQ(taken_off_by(list_of({"subscribe", "x", "1"})), std::nullopt);
    EXPECT_EQ(taken_off_by(list_of({"unsubscribe"})), std::nullopt);
    EXPECT_EQ(taken_off_by(reply()), std::nullopt);
}

} // namespace
} // namespace infra::redis::detail
