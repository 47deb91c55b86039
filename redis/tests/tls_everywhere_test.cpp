// TLS to all sentinels and the master they name, and to all nodes of a cluster.

#include "tests/identity.hpp"
#include "tests/nodes.hpp"
#include "tests/trio.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

class RedisTlsEverywhere : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
    }
    std::string refusal(options to) {
        to.tls = tls_options{}; // which trusts those whom the system trusts
        const client redis({loop.get_executor()}, to);
        const auto end = loop.run(redis.execute({"GET", "k"}, deadline::after(10s)));
        EXPECT_EQ(end->code(), errc::refused) << end->what();
        return end->what();
    }

    identity who;
    test_loop loop;
};

TEST_F(RedisTlsEverywhere, FollowsTheMasterThatSentinelsName) {
    trio three(loop, "secret", "sentinels-secret", &who);
    auto to = options_from(three.url());
    to.password = "secret";
    to.sentinel->password = "sentinels-secret";
    const client redis({loop.get_executor()}, to);
    {
        const auto own = loop.get(redis.lease());
        loop.wait(own.execute<void>({"SET", "k", "v"}));
        ASSERT_EQ(loop.get(own.execute<int>({"WAIT", 1, 10'000}, deadline::after(15s))), 1);
    }
    auto news = loop.get(redis.subscribe({.channels = {"news"}}));
    three.master().kill();
    three.until_switched();
    EXPECT_EQ(loop.run(redis.execute<std::string>({"GET", "k"}, deadline::after(20s)))->value, "v");
    EXPECT_EQ(loop.get(news.receive()).front().type, message::kind::resumed);
    EXPECT_NE(refusal(to).find("its certificate is not trusted"), std::string::npos);
}

TEST_F(RedisTlsEverywhere, GoesToEachNodeOfACluster) {
    nodes all(loop, false, {}, &who);
    const auto to = options_from(all.url());
    const client redis({loop.get_executor()}, to);
    for (int i = 0; i < 60; ++i)
        loop.wait(redis.execute<void>({"SET", "k" + std::to_string(i), i}));
    EXPECT_EQ(redis.status().connections, 3u);
    const auto slot = static_cast<std::uint16_t>(all.ask(0, {"CLUSTER", "KEYSLOT", "k1"}).as_integer());
    const auto from = all.owner(slot);
    all.move(slot, from, (from + 1) % 3);
    for (int i = 0; i < 60; ++i)
        EXPECT_EQ(loop.get(redis.execute<int>({"GET", "k" + std::to_string(i)})), i) << "sent on over TLS";
    EXPECT_NE(refusal(to).find("its certificate is not trusted"), std::string::npos);
}

} // namespace
} // namespace infra::redis
