// A broker on its loop, and hubs' threads that use it all at once.

#include <infra/realtime/hub.hpp>
#include <infra/realtime/redis.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <thread>

namespace infra::realtime {
namespace {

using namespace std::chrono_literals;

class counter final : public broker_listener {
public:
    void published(const std::string&, envelope e) override {
        ++heard;
        in_order = in_order && e.at.offset == last + 1;
        last = e.at.offset;
    }
    void gap(const std::string&, std::uint64_t, position) override { ++gaps; }
    void joined(const std::string&, member) override {}
    void left(const std::string&, member) override {}
    void disconnect(disconnection) override {}
    void link(bool) override {}

    std::atomic<int> heard{0}, gaps{0};
    std::atomic<bool> in_order{true};
    std::uint64_t last = 0; // the loop's
};

bool until(const std::function<bool()>& done) {
    for (int i = 0; i < 3'000 && !done(); ++i)
        std::this_thread::sleep_for(10ms);
    return done();
}

TEST(RedisBrokerThreads, MayAllUseIt) {
    if (!infra::testing::redis_server::installed())
        GTEST_SKIP() << infra::testing::redis_server::how_to_install;
    constexpr int threads = 4, each_says = 500;
    infra::testing::redis_server server({}, false);
    infra::event_loop loop, other;
    loop.start();
    other.start();
    const auto at = make_redis_broker({.url = "unix://" + server.socket()});
    counter ear;
    const std::vector<channel_rule> rules{{"*", {.history = {.size = 10'000, .max_bytes = 16 << 20}}}};
    auto run = asio::co_spawn(loop.get_executor(), at->run(ear, rules), asio::use_future);
    at->want("room");
    ASSERT_TRUE(until([&] { return at->is_up(); }));
    infra::wait(at->history("room", {}, 1), other.get_executor());
    std::atomic<int> sent{0};
    std::vector<std::thread> all;
    for (int n = 0; n < threads; ++n)
        all.emplace_back([&, n] {
            const auto own = "own:" + std::to_string(n);
            for (int i = 0; i < each_says; ++i) {
                sent += at->publish("room", {.what = {.type = "said", .data = i}});
                i % 2 ? at->want(own) : at->unwant(own);
                const auto user = std::to_string(i % 10);
                i % 3 ? at->join("room", {.user = user, .connections = 1}) : at->leave("room", user);
                if (i % 50 == 0) {
                    infra::wait(at->history("room", {}, 5), other.get_executor());
                    infra::wait(at->count("room"), other.get_executor());
                    at->description();
                }
            }
        });
    for (auto& each : all)
        each.join();
    EXPECT_EQ(sent, threads * each_says);
    EXPECT_TRUE(until([&] { return ear.heard == threads * each_says; })) << ear.heard;
    EXPECT_TRUE(ear.in_order);
    EXPECT_EQ(ear.gaps, 0);
    infra::wait(at->stop(deadline::after(5s)), other.get_executor());
    run.get();
}

/// A client that looks at offsets: written to by one thread at a time.
struct reader final : connection {
    void send(const frame& f) override {
        const auto offset = f.facts().offset;
        if (offset == 0)
            return;
        in_order = in_order && (last == 0 || offset == last + 1);
        last = offset;
    }
    void close(close_code, std::string_view) override {}
    std::atomic<std::uint64_t> last{0};
    std::atomic<bool> in_order{true};
};

TEST(RedisBrokerThreads, JoinHubsOnLoopsOfTheirOwn) {
    if (!infra::testing::redis_server::installed())
        GTEST_SKIP() << infra::testing::redis_server::how_to_install;
    constexpr std::uint64_t threads = 4, each_says = 300;
    infra::testing::redis_server server({}, false);
    std::deque<infra::event_loop> loops;
    std::vector<hub> hubs;
    std::vector<std::shared_ptr<reader>> readers;
    std::vector<std::future<void>> runs;
    for (std::size_t n = 0; n < 2; ++n) {
        loops.emplace_back().start();
        const auto ex = loops.back().get_executor();
        hubs.emplace_back(hub_options{.channels = {{"*", {.history = {.size = 5'000}}}},
                                      .broker = make_redis_broker({.url = "unix://" + server.socket()}),
                                      .on = ex});
        readers.push_back(std::make_shared<reader>());
        hubs[n].register_client("reader", readers[n]);
        hubs[n].subscribe("room", "reader");
        runs.push_back(asio::co_spawn(ex, hubs[n].run(), asio::use_future));
    }
    for (const auto& each : hubs)
        ASSERT_TRUE(until([&] { return each.options().broker->is_up(); }));
    ASSERT_TRUE(until([&] {
        hubs[0].publish("room", {.type = "are you there"});
        return readers[0]->last > 0 && readers[1]->last > 0;
    }));
    std::vector<std::thread> all;
    for (std::uint64_t n = 0; n < threads; ++n)
        all.emplace_back([&, n] {
            for (std::uint64_t i = 0; i < each_says; ++i)
                hubs[n % 2].publish("room", {.type = "said", .data = i});
        });
    for (auto& each : all)
        each.join();
    std::uint64_t last = 0; // each hub's last word comes behind all that it has said
    for (auto& each : hubs)
        last = std::max(
            last, infra::wait(each.publish_confirmed("room", {.type = "end"}), loops[1].get_executor()).at.offset);
    EXPECT_GT(last, threads * each_says);
    for (const auto& each : readers) {
        EXPECT_TRUE(until([&] { return each->last == last; })) << each->last;
        EXPECT_TRUE(each->in_order);
    }
    for (std::size_t n = 0; n < 2; ++n) {
        infra::wait(hubs[n].stop(deadline::after(5s)), loops[1 - n].get_executor());
        runs[n].get();
    }
}

} // namespace
} // namespace infra::realtime
