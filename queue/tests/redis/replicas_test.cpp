// Who waits for replicas is told of nothing that only a master has that is gone. The proxy is that of the Redis room's tests, whose
// tests/support.hpp stands before ours here.

#include "tests/proxy.hpp"

#include <infra/queue/error.hpp>
#include <infra/queue/redis.hpp>

#include <gtest/gtest.h>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;

constexpr wall_time t0 = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

/// A master, its replica, and one of that.
class Replicas : public ::testing::Test {
protected:
    void SetUp() override {
        loop.get(first_direct.execute({"SET", "x", "y"}));
        loop.until([&] { return !loop.get(third_direct.execute({"GET", "x"})).is_null(); });
    }
    void TearDown() override { loop.wait(stored->stop(deadline::after(10s))); }

    static std::vector<std::string> following(const redis::server& master) {
        return {"--replicaof", "127.0.0.1", std::to_string(master.port()), "--repl-diskless-sync-delay", "0"};
    }
    void add() { loop.get(stored->enqueue({{.queue = "mail", .name = "welcome", .created_at = t0}})); }
    std::int64_t jobs_in(const redis::client& of) {
        return loop.get(of.execute({"LLEN", "bull:mail:wait"})).as_integer();
    }

    redis::test_loop loop;
    redis::server first{{"--repl-diskless-sync-delay", "0"}}, second{following(first)}, third{following(second)};
    redis::client first_direct{{loop.get_executor()}, first.over_socket()};
    redis::client second_direct{{loop.get_executor()}, second.over_socket()};
    redis::client third_direct{{loop.get_executor()}, third.over_socket()};
    redis::proxy between{loop.get_executor(), first.socket()};
    const std::shared_ptr<backend> stored =
        make_redis_backend({.server = between.to(), .replicas = 1, .timeout = 5s}, {loop.get_executor()});
};

// The second takes over between an add's answer and the question who has it; of what was added before it has all.
TEST_F(Replicas, WhatANewMasterDoesNotHaveIsNotAcknowledged) {
    for (int i = 0; i < 2; ++i)
        add();
    loop.until([&] { return jobs_in(second_direct) == 2; });
    loop.get(second_direct.execute({"REPLICAOF", "NO", "ONE"}));
    between.lead_to(second.socket());
    try {
        add();
        ADD_FAILURE() << "it is acknowledged";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::unavailable);
        EXPECT_NE(std::string(e.what()).find("the master has failed"), std::string::npos) << e.what();
    }
    EXPECT_EQ(jobs_in(first_direct), 3);
    EXPECT_EQ(jobs_in(second_direct), 2);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
