#include "src/cluster_plan.hpp"

#include "tests/notation.hpp"

#include "src/exchange.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

const std::vector<address> masters{{.host = "a", .port = 1}, {.host = "b", .port = 2}};

reply text(std::string t) { return reply(std::move(t)); }
reply failure(std::string t) { return reply(std::move(t), reply::kind::error); }

cluster_plan planned(std::vector<command> commands) {
    cluster_plan out;
    for (const auto& each : commands)
        out.add(each, slots_of(each), masters);
    return out;
}

TEST(RedisClusterPlan, SendsACommandToItsSlot) {
    auto plan = planned({{"GET", "foo"}, {"PING"}});
    ASSERT_EQ(plan.parts().size(), 2u);
    EXPECT_EQ(plan.parts()[0].slot, 12182);
    EXPECT_FALSE(plan.parts()[1].slot);
    EXPECT_FALSE(plan.parts()[1].at);
}

TEST(RedisClusterPlan, TakesTheSlotsThatAServerToldFor) {
    cluster_plan plan;
    plan.add({"MODULE.GET", "x"}, {.has_keys = true, .slot = 7}, masters);
    EXPECT_EQ(plan.parts()[0].slot, 7);
}

TEST(RedisClusterPlan, AnswersEachCommandFromItsParts) {
    auto plan = planned({{"MGET", "a", "b"}, {"GET", "c"}, {"DBSIZE"}, {"KEYS", "*"}, {"FLUSHALL"}});
    ASSERT_EQ(plan.parts().size(), 2u + 1 + 2 + 2 + 2);
    EXPECT_EQ(to_string(*plan.parts()[3].at), "a:1");
    EXPECT_EQ(to_string(*plan.parts()[4].at), "b:2");
    const auto out =
        plan.replies({reply(reply::list{text("1")}), reply(reply::list{text("2")}), text("3"), reply(10L), reply(5L),
                      reply(reply::list{text("x")}), reply(reply::list{text("y")}), text("OK"), text("OK")});
    std::string all;
    for (const auto& each : out)
        all += shown(each) + " ";
    EXPECT_EQ(all, "[\"1\" \"2\"] \"3\" 15 [\"x\" \"y\"] \"OK\" ");
}

TEST(RedisClusterPlan, AnswersWithTheErrorOfOneNode) {
    auto plan = planned({{"FLUSHALL"}, {"DBSIZE"}, {"MGET", "a", "b"}, {"SET", "a", 1}});
    const auto out = plan.replies({failure("ERR no"), failure("ERR no"), reply(1L), failure("ERR neither"),
                                   failure("ERR nor"), reply(reply::list{text("1")}), failure("OOM")});
    EXPECT_EQ(shown(out[0]), "-ERR no");
    EXPECT_EQ(shown(out[1]), "-ERR neither");
    EXPECT_EQ(shown(out[2]), "-ERR nor");
    EXPECT_EQ(shown(out[3]), "-OOM");
}

TEST(RedisClusterPlan, DoesNotPassTheErrorOfOneNodeForThatOfAll) {
    for (const command& each : {command{"FLUSHALL"}, {"DEL", "a", "b"}, {"MSET", "a", 1, "b", 2}}) {
        try {
            (void)planned({each}).replies({text("OK"), failure("OOM no room")});
            ADD_FAILURE() << each.name();
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::lost);
            EXPECT_EQ(e.what(),
                      std::string(each.name()) + ": a part of it was executed, another was answered with: OOM no room");
        }
    }
}

std::string refused(std::vector<command> commands) {
    try {
        (void)planned(std::move(commands));
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::invalid_input);
        return e.what();
    }
    return "not refused";
}

TEST(RedisClusterPlan, RefusesWhatCannotBe) {
    EXPECT_NE(refused({{"RENAME", "a", "b"}}).find("RENAME names keys in more than one slot"), std::string::npos);
    EXPECT_NE(refused({{"MSETNX", "a", 1, "b", 2}}).find("CROSSSLOT"), std::string::npos);
    EXPECT_NE(refused({{"SCAN", 0}}).find("SCAN walks through one server"), std::string::npos);
    EXPECT_EQ(refused({{"RENAME", "{a}1", "{a}2"}}), "not refused");
}

part transaction(const std::vector<command>& commands) {
    return cluster_plan::transaction(commands, as_transaction(commands));
}

TEST(RedisClusterPlan, SendsATransactionToTheSlotOfItsKeys) {
    const auto p = transaction({{"PUBLISH", "c", "m"}, {"SET", "{foo}1", 1}, {"INCR", "{foo}2"}});
    EXPECT_EQ(p.slot, 12182);
    EXPECT_TRUE(p.atomic);
    EXPECT_EQ(p.what.size(), 5u);
    EXPECT_FALSE(transaction({{"PING"}}).slot);
}

TEST(RedisClusterPlan, RefusesATransactionOfSeveralSlots) {
    EXPECT_THROW(transaction({{"SET", "a", 1}, {"SET", "b", 1}}), error);
    EXPECT_THROW(transaction({{"MGET", "a", "b"}}), error) << "split, it would not be one step";
    EXPECT_THROW(transaction({{"MODULE.SET", "a"}}), error);
}

} // namespace
} // namespace infra::redis::detail
