// The cache while a part of its cluster is away, and when that is back.

#include "tests/nodes.hpp"

#include <infra/cache.hpp>
#include <infra/cache/redis.hpp>

#include <algorithm>
#include <vector>

namespace infra::cache::tests {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

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
    EXPECT_LT(slowest, 500ms) << "a probe that is answered by those that live lets callers wait again";
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

INSTANTIATE_TEST_SUITE_P(WithAndWithoutFullCoverage, CacheClusterOutage, ::testing::Values("yes", "no"),
                         [](const auto& info) { return std::string(info.param); });

} // namespace
} // namespace infra::cache::tests
