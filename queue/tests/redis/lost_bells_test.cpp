// A marker that is heard while a claim's answer is on its way, or while the process ends, and that nobody here will look for: it is
// there again for others. The proxy is that of the Redis room's tests, whose tests/support.hpp stands before ours here.

#include "tests/proxy.hpp"

#include <infra/queue/redis.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;

constexpr wall_time t0 = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

// It looks by itself so rarely that whatever comes in time was heard of.
class LostBells : public ::testing::Test {
protected:
    void TearDown() override { loop.wait(stored->stop(deadline::after(10s))); }

    redis::reply ask(redis::command c) { return loop.get(direct.execute(std::move(c))); }

    /// As somebody else adds it, but for the marker.
    void add(const std::string& id) {
        ask({"HSET", "bull:mail:" + id, "name", "welcome", "data", R"({"of":")" + id + R"("})", "opts", "{}",
             "timestamp", 1, "delay", 0, "priority", 0});
        ask({"LPUSH", "bull:mail:wait", id});
    }
    void ring() { ask({"ZADD", marker, 0, "0"}); }

    bool is_blocked() {
        const auto info = loop.get(direct.execute<std::string>({"INFO", "clients"}));
        return info.find("blocked_clients:1") != std::string::npos;
    }
    bool is_marked() { return ask({"EXISTS", marker}).as_integer() == 1; }
    /// The connection that waits is still blocked then, for nobody.
    void wait_and_go() {
        asio::cancellation_signal cancel;
        const auto waiting = loop.spawn(stored->claim({.queues = {"mail"}, .now = t0, .wait = true}), cancel.slot());
        loop.until([&] { return is_blocked(); });
        loop.cancel(cancel);
        loop.until([&] { return waiting->done(); });
        ASSERT_TRUE(is_blocked());
    }
    auto begin_to_claim() { return loop.spawn(stored->claim({.queues = {"mail"}, .max = 1, .now = t0})); }
    static std::vector<job_id> ids_of(const testing::outcome<claim_result>& of) {
        std::vector<job_id> all;
        for (const auto& each : of.value.value_or(claim_result()).jobs)
            all.push_back(each.held.job.id);
        return all;
    }
    void hold_what_is_taken() {
        between.holds_reply = [](const std::string& bytes) { return bytes.find(R"({"of":)") != bytes.npos; };
    }
    /// And is heard here.
    void ring_until_heard() {
        ring();
        loop.until([&] { return !is_marked() && !is_blocked(); });
        loop.settle();
    }

    static constexpr const char* marker = "bull:mail:marker";
    redis::test_loop loop;
    redis::server server;
    redis::proxy between{loop.get_executor(), server.socket()};
    redis::client direct{{loop.get_executor()}, server.over_socket()};
    std::shared_ptr<backend> stored =
        make_redis_backend({.server = between.to(), .look_every = 1min}, {loop.get_executor()});
};

TEST_F(LostBells, OneHeardWhileAClaimTookSomethingElseIsRungForOthers) {
    wait_and_go();
    hold_what_is_taken();
    add("x");
    const auto claiming = begin_to_claim();
    loop.until([&] { return between.held() == 1; });
    add("y");
    ring_until_heard();
    EXPECT_FALSE(is_marked()) << "the claim that is under way may yet want it";
    between.let_go();
    loop.until([&] { return claiming->done(); });
    EXPECT_EQ(ids_of(*claiming), std::vector<job_id>{"x"});
    loop.until([&] { return is_marked(); });
}

TEST_F(LostBells, ATimeOfWhichOnlyThisProcessHasHeardIsToldAtTheEnd) {
    const auto due = to_unix_ms(real_clock().wall() + 1h);
    const auto waiting = loop.spawn(
        stored->claim({.queues = {"mail"}, .now = real_clock().wall(), .wait = true, .time = &real_clock()}));
    loop.until([&] { return is_blocked(); });
    ask({"HSET", "bull:mail:late", "name", "welcome", "data", "{}", "opts", "{}", "timestamp", 1});
    ask({"ZADD", "bull:mail:delayed", static_cast<double>(due) * 4096, "late"});
    ask({"ZADD", marker, due, "1"});
    loop.until([&] { return !is_marked(); });
    loop.settle();
    loop.wait(stored->stop(deadline::after(10s)));
    EXPECT_TRUE(waiting->done());
    EXPECT_EQ(static_cast<std::int64_t>(ask({"ZSCORE", marker, "1"}).as_real()), due);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
