// The cache while a part of its cluster is away, and when that is back.

#include "../metrics_listener.hpp"

#include "tests/nodes.hpp"

#include <infra/cache.hpp>
#include <infra/cache/redis.hpp>

#include <algorithm>
#include <functional>
#include <vector>

namespace infra::cache::tests {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

/// Who waits for a master that is away does so for the store's timeout, two seconds; a busy machine holds up for less.
constexpr auto no_timeout = 1500ms;

class CacheClusterOutage : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (!redis::server::installed())
            GTEST_SKIP() << redis::server::how_to_install;
        all.emplace(loop, false, std::vector<std::string>{"--cluster-require-full-coverage", GetParam()});
        subject.emplace(make_redis_store({.server = all->to()}, {loop.get_executor()}), cache_options{.prefix = "p:"});
        for (int i = 0; i < keys; ++i) // of all masters
            loop.until([&] { return is_kept(i); });
    }

    static std::string key(int i) { return std::to_string(i); }
    bool is_kept(int i) {
        return loop.get(subject->set(key(i), "v")) && loop.get(subject->get<std::string>(key(i))) == "v";
    }
    /// How long it took to ask for all of them, one after the other.
    steady::duration asking_for_all() {
        const auto begin = steady::now();
        for (int i = 0; i < keys; ++i)
            loop.get(subject->get<std::string>(key(i)));
        return steady::now() - begin;
    }

    static constexpr int keys = 30;
    redis::test_loop loop;
    std::optional<redis::nodes> all;
    std::optional<cache> subject;
};

TEST_P(CacheClusterOutage, LetsNobodyWaitForAMasterThatIsAwayAndComesBackWithIt) {
    all->node(2).kill();
    const auto killed = steady::now();
    loop.until([&] { return asking_for_all() < 100ms; });
    EXPECT_LT(steady::now() - killed, 10s);
    auto slowest = steady::duration::zero();
    for (const auto end = steady::now() + 3s; steady::now() < end;) // several questions whether it is back
        slowest = std::max(slowest, asking_for_all());
    EXPECT_LT(slowest, no_timeout) << "a probe that is answered by those that live lets callers wait again";
    all->node(2).start();
    const auto returned = steady::now();
    loop.until([&] {
        int kept = 0;
        for (int i = 0; i < keys; ++i)
            kept += is_kept(i);
        return kept == keys;
    });
    EXPECT_LT(steady::now() - returned, 10s);
}

/// Whom many ask at once, half of them for keys of a master that is away.
struct open_arrivals {
    const char* name;
    const char* full_coverage;
    void (*leave)(redis::server&);
    void (*come_back)(redis::server&);
};

class CacheClusterOpenArrivals : public ::testing::TestWithParam<open_arrivals> {
protected:
    void SetUp() override {
        if (!redis::server::installed())
            GTEST_SKIP() << redis::server::how_to_install;
        // Long before the others say that the cluster is down.
        all.emplace(loop, false,
                    std::vector<std::string>{"--cluster-require-full-coverage", GetParam().full_coverage,
                                             "--cluster-node-timeout", "60000"});
        subject.emplace(make_redis_store({.server = all->to()}, {loop.get_executor()}), cache_options{.prefix = "p:"});
        dead = (owner("@@version") + 1) % 3;
        for (int i = 0; keys_of_dead.size() < 10 || keys_of_living.size() < 10; ++i) {
            const auto key = std::to_string(i);
            loop.wait(set(key));
            (owner(key) == dead ? keys_of_dead : keys_of_living).push_back(key);
        }
    }
    void TearDown() override {
        loop.until([&] { return running == 0; });
    }

    std::size_t owner(const std::string& key) {
        return all->owner(static_cast<std::uint16_t>(all->ask(0, {"CLUSTER", "KEYSLOT", "p:" + key}).as_integer()));
    }
    awaitable<void> set(std::string key) { co_await subject->set(key, "v"); }

    awaitable<void> call(std::string key) {
        const auto asked = steady::now();
        co_await subject->get<std::string>(key);
        slowest = std::max(slowest, steady::now() - asked);
        --running;
    }
    void arrive(const std::string& key) {
        ++running;
        loop.spawn(call(key));
    }
    /// Two every 20 ms, so that between any two failures somebody is answered.
    void ask_until(const std::function<bool()>& end) {
        loop.until([&] {
            if (steady::now() >= next) {
                next = steady::now() + 20ms;
                arrive(keys_of_dead[turn % 10]);
                arrive(keys_of_living[turn++ % 10]);
            }
            return end();
        });
    }

    redis::test_loop loop;
    std::optional<redis::nodes> all;
    std::optional<cache> subject;
    std::size_t dead = 0;
    std::vector<std::string> keys_of_dead, keys_of_living;
    steady::time_point next = steady::now();
    std::size_t turn = 0;
    steady::duration slowest{};
    int running = 0;
};

TEST_P(CacheClusterOpenArrivals, WaitForNoMasterThatIsAwayThoughTheOthersAnswer) {
    const metrics_listener heard;
    const auto is_away = [&] { return heard.of("cache_store_away") == 1; };
    GetParam().leave(all->node(dead));
    const auto left = steady::now();
    ask_until(is_away);
    EXPECT_LT(steady::now() - left, 10s);
    loop.until([&] { return running == 0; }); // those who asked before
    slowest = {};
    ask_until([&, end = steady::now() + 3s] { return steady::now() > end; }); // several questions whether it is back
    EXPECT_LT(slowest, no_timeout);
    EXPECT_TRUE(is_away());
    GetParam().come_back(all->node(dead));
    ask_until([&] { return !is_away(); });
}

const open_arrivals killed{"Killed", "no", [](redis::server& s) { s.kill(); }, [](redis::server& s) { s.start(); }};
const open_arrivals silent{"Silent", "no", [](redis::server& s) { s.pause(); }, [](redis::server& s) { s.proceed(); }};
const open_arrivals whole{"KilledOfAWhole", "yes", killed.leave, killed.come_back};

INSTANTIATE_TEST_SUITE_P(OfManyCallers, CacheClusterOpenArrivals, ::testing::Values(killed, silent, whole),
                         [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(WithAndWithoutFullCoverage, CacheClusterOutage, ::testing::Values("yes", "no"),
                         [](const auto& info) { return std::string(info.param); });

} // namespace
} // namespace infra::cache::tests
