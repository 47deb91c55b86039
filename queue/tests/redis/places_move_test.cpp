// Queues that are carried to where Redis is not one server alone, and back.

#include "../move_fixture.hpp"
#include "places.hpp"

namespace infra::queue::tests {
namespace {

using redis_backend::tests::place;

struct somewhere {
    std::string name{};
    place (*at)() = nullptr;
};

class QueueMovePlaces : public moves, public ::testing::WithParamInterface<somewhere> {
protected:
    void SetUp() override {
        if (!testing::redis_server::installed())
            GTEST_SKIP() << testing::redis_server::how_to_install;
        there = GetParam().at();
        moves::SetUp();
    }
    ends between() const override { return {storage::sqlite, storage::redis}; }
    bool has_server_of_its_own() const override { return false; }
    redis_queue_options redis_at(std::string prefix) const override {
        return {.server = there.to, .prefix = there.to.cluster ? "{" + prefix + "}" : prefix};
    }

    place there;
};

TEST_P(QueueMovePlaces, CarriesAllThatIsKnownThereAndBack) {
    fill();
    const auto before = facts_of(*from);
    move_all();
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
    expect_well();
    std::swap(from, to);
    move_all({.resume = true});
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
}

TEST_P(QueueMovePlaces, CarriesFromOnePrefixToAnother) {
    const auto file = std::exchange(from, make(storage::redis, "from"));
    fill();
    const auto before = facts_of(*from);
    move_all();
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
    loop.await(file->stop(deadline::after(30s)));
}

TEST_P(QueueMovePlaces, SaysBeforehandWhereFamiliesCannotBe) {
    auto album = job("album", {}, "{albums}"), page = job("page", {}, "{pages}");
    page.parent = child_of{.place = 0};
    add({album, page});
    const auto plain = make_redis_backend({.server = there.to, .prefix = "plain"});
    EXPECT_EQ(loop.await(plan_move(from, plain)).obstacles.size(), there.to.cluster ? 1u : 0u);
    add({job("a", {}, "untagged")});
    EXPECT_EQ(loop.await(plan_move(from, plain)).obstacles.size(), there.to.cluster ? 2u : 0u);
    loop.await(plain->stop(deadline::after(30s)));
}

const auto all = ::testing::Values(somewhere{"Encrypted", redis_backend::tests::encrypted},
                                   somewhere{"BehindSentinels", redis_backend::tests::behind_sentinels},
                                   somewhere{"InACluster", redis_backend::tests::in_a_cluster});

INSTANTIATE_TEST_SUITE_P(Redis, QueueMovePlaces, all, [](const auto& info) { return info.param.name; });

} // namespace
} // namespace infra::queue::tests
