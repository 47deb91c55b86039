// The cache while a part of its cluster is away, and when that is back.

#include "../metrics_listener.hpp"

#include "tests/nodes.hpp"

#include <infra/cache.hpp>
#include <infra/cache/redis.hpp>
#include <infra/testing/stopwatch.hpp>

#include <algorithm>
#include <functional>
#include <vector>

namespace infra::cache::tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using testing::stopwatch;

/// Who waits for a master that is away does so for the store's timeout, two seconds.
constexpr auto no_timeout = 1s;

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
    void ask_for_all() {
        for (int i = 0; i < keys; ++i)
            loop.get(subject->get<std::string>(key(i)));
    }
    bool is_away() const { return heard.of("cache_store_away") == 1; }

    static constexpr int keys = 30;
    const metrics_listener heard;
    redis::test_loop loop;
    std::optional<redis::nodes> all;
    std::optional<cache> subject;
};

TEST_P(CacheClusterOutage, LetsNobodyWaitForAMasterThatIsAwayAndComesBackWithIt) {
    const stopwatch since(loop.get_executor());
    all->node(2).kill();
    loop.until([&] { return ask_for_all(), is_away(); });
    EXPECT_LT(since.elapsed(), 10s);
    auto slowest = 0ms;
    for (const auto known = since.elapsed(); since.elapsed() < known + 3s;) { // several questions whether it is back
        const auto asked = since.elapsed();
        ask_for_all();
        slowest = std::max(slowest, since.elapsed() - asked);
    }
    EXPECT_LT(slowest, no_timeout) << "a probe that is answered by those that live lets callers wait again";
    const auto killed_for = since.elapsed();
    all->node(2).start();
    loop.until([&] {
        int kept = 0;
        for (int i = 0; i < keys; ++i)
            kept += is_kept(i);
        return kept == keys;
    });
    EXPECT_LT(since.elapsed() - killed_for, 10s);
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
        const auto asked = watch.elapsed();
        co_await subject->get<std::string>(key);
        slowest = std::max(slowest, watch.elapsed() - asked);
        --running;
    }
    void arrive(const std::string& key) {
        ++running;
        loop.spawn(call(key));
    }
    /// Two every 20 ms, so that between any two failures somebody is answered.
    void ask_until(const std::function<bool()>& end) {
        loop.until([&] {
            if (watch.elapsed() >= next) {
                next = watch.elapsed() + 20ms;
                arrive(keys_of_dead[turn % 10]);
                arrive(keys_of_living[turn++ % 10]);
            }
            return end();
        });
    }

    redis::test_loop loop;
    const stopwatch watch{loop.get_executor()};
    std::optional<redis::nodes> all;
    std::optional<cache> subject;
    std::size_t dead = 0;
    std::vector<std::string> keys_of_dead, keys_of_living;
    milliseconds next{0};
    std::size_t turn = 0;
    milliseconds slowest{0};
    int running = 0;
};

TEST_P(CacheClusterOpenArrivals, WaitForNoMasterThatIsAwayThoughTheOthersAnswer) {
    const metrics_listener heard;
    const auto is_away = [&] { return heard.of("cache_store_away") == 1; };
    GetParam().leave(all->node(dead));
    const auto left = watch.elapsed();
    ask_until(is_away);
    EXPECT_LT(watch.elapsed() - left, 10s);
    loop.until([&] { return running == 0; }); // those who asked before
    slowest = 0ms;
    ask_until(
        [&, end = watch.elapsed() + 3s] { return watch.elapsed() > end; }); // several questions whether it is back
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
