// What a tracking does while its server has something else to do, and when another has taken its place.

#include "tests/diary.hpp"
#include "tests/sentinel_actors.hpp"
#include "tests/slow_to_load.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

class RedisTrackingTrouble : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
    }

    client over(const options& to) { return client(std::vector{loop.get_executor()}, to); }
    bool is_heard(const client& by, const char* key) {
        loop.wait(by.execute<void>({"SET", key, "v"}));
        return heard->was_told_of(key);
    }

    test_loop loop;
    std::shared_ptr<diary> heard = std::make_shared<diary>();
};

TEST_F(RedisTrackingTrouble, ListensOnceTheScriptHasEndedThatKeptTheServerBusy) {
    const server real({"--lua-time-limit", "1"});
    proxy between(loop.get_executor(), real.socket());
    bool refused = false;
    between.on_reply = [&](std::string bytes) {
        refused |= bytes.find("-BUSY") != bytes.npos;
        return std::optional(bytes);
    };
    const auto runs = over(real.over_socket()), ends = over(real.over_socket()), subject = over(between.to());
    loop.get(ends.ping());
    const auto script = loop.spawn(runs.execute({"EVAL", "while true do end", 0}, deadline::after(30s)));
    loop.until([&] { return loop.get(ends.execute({"GET", "k"})).error_code() == "BUSY"; });
    const auto tracked = subject.track({}, heard);
    loop.until([&] { return refused; });
    loop.wait(ends.execute<void>({"SCRIPT", "KILL"}));
    loop.until([&] { return heard->listens() && script->done(); });
    loop.until([&] { return is_heard(ends, "k"); });
}

TEST_F(RedisTrackingTrouble, AsksWhoRefusesMoreAndMoreRarely) {
    const server real;
    const auto direct = over(real.over_socket());
    loop.wait(direct.execute<void>({"ACL", "SETUSER", "default", "-client|tracking"}));
    const auto refusals = [&] {
        const auto all = loop.get(direct.execute<std::string>({"INFO", "commandstats"}));
        const std::string before = "rejected_calls=";
        const auto at = all.find(before, std::min(all.find("cmdstat_client|tracking:"), all.size()));
        return at == all.npos ? 0 : std::stoi(all.substr(at + before.size()));
    };
    manual_clock time;
    const client subject({loop.get_executor()}, real.over_socket(), time);
    const auto tracked = subject.track({}, heard);
    loop.until([&] { return refusals() == 1; });
    loop.settle();
    time.advance(300ms);
    loop.until([&] { return refusals() == 2; });
    loop.settle();
    time.advance(300ms);
    loop.settle();
    EXPECT_EQ(refusals(), 2);
    time.advance(300ms);
    loop.until([&] { return refusals() == 3; });
    loop.wait(direct.execute<void>({"ACL", "SETUSER", "default", "+client|tracking"}));
    loop.settle();
    time.advance(1200ms);
    loop.until([&] { return heard->listens(); });
}

class RedisTrackingAfterARestart : public RedisTrackingTrouble {
protected:
    void begin(const std::function<options(const server&)>& to) {
        slow.emplace(loop);
        redis.emplace(std::vector{loop.get_executor()}, to(slow->real()));
        loop.get(redis->ping());
        tracked = redis->track({}, heard);
        loop.until([&] { return heard->listens(); });
    }
    void lose_the_shared_connection() {
        const auto before = redis->status().reconnects;
        const auto id = loop.get(redis->execute<int>({"CLIENT", "ID"}));
        slow->tell({"CLIENT", "KILL", "ID", id});
        loop.until([&] { return redis->status().reconnects > before && redis->status().connections == 1; });
    }

    void listens_in_the_end() {
        const auto before = redis->status().reconnects;
        slow->restart();
        loop.until([&] { return redis->status().reconnects > before && redis->status().connections == 1; });
        lose_the_shared_connection(); // a reason to ask whether it still tells
        loop.settle();
        EXPECT_TRUE(slow->is_loading());
        slow->hurry();
        loop.until([&] { return heard->listens() && !slow->is_loading(); });
        loop.until([&] { return slow->ask<std::string>({"SET", "k", "v"}) == "OK" && heard->was_told_of("k"); });
    }

    std::optional<slow_to_load> slow;
    std::optional<client> redis;
    tracking tracked;
};

TEST_F(RedisTrackingAfterARestart, ListensOnceTheServerHasItsData) {
    begin([](const server& to) { return to.over_tcp(); });
    listens_in_the_end();
}

TEST_F(RedisTrackingAfterARestart, ListensOnceTheMasterBehindASentinelHasItsData) {
    std::optional<actor> sentinel;
    begin([&](const server& to) {
        sentinel.emplace(loop.get_executor(), naming(to.port()));
        return asking({sentinel->port()});
    });
    listens_in_the_end();
}

// One address, and another server behind it from now on.
TEST_F(RedisTrackingTrouble, GoesWhereABalancerLeadsTheSharedConnection) {
    const server first, second;
    const auto at_first = over(first.over_socket()), at_second = over(second.over_socket());
    loop.wait(at_second.execute<void>({"SET", "who", "second"}));
    proxy between(loop.get_executor(), first.socket());
    const auto subject = over(between.to());
    const auto id = loop.get(subject.execute<int>({"CLIENT", "ID"}));
    const auto tracked = subject.track({}, heard);
    loop.until([&] { return heard->says({"listening"}); });
    between.lead_to(second.socket());
    loop.wait(at_first.execute<void>({"CLIENT", "KILL", "ID", id}));
    loop.until([&] { return heard->says({"listening", "deaf", "listening"}); });
    EXPECT_EQ(loop.get(subject.execute<std::string>({"GET", "who"})), "second");
    loop.until([&] { return is_heard(at_second, "k"); });
}

} // namespace
} // namespace infra::redis
