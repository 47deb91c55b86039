#include "src/redis/last_look.hpp"

#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;

const steady_time start{1h};

work_request claim_of(std::vector<std::string> queues = {"mail"}) {
    return {.now = t0, .queues = std::move(queues), .most = 1};
}
work_request with_an_end(std::string of = "mail") {
    auto r = claim_of();
    r.ended.push_back({.end = {.held = {.job = {std::move(of), "1"}}}, .of = {.is_plain = true}});
    return r;
}
work_done took(std::size_t jobs, std::optional<wall_time> again = {}) {
    return {.recorded = {true}, .taken = std::vector<stored_job>(jobs), .again = again};
}

bool is_spared(last_look look, work_request r, steady_time now = start, bool alone = true) {
    look.spare(r, alone, now);
    return r.has_looked;
}

last_look after(const work_request& r, work_done done) {
    last_look look;
    look.note(r, done, start);
    return look;
}

TEST(QueueRedisLastLook, IsNoneAtFirst) { EXPECT_FALSE(is_spared({}, claim_of())); }

TEST(QueueRedisLastLook, HoldsForSomeMillisecondsWhileJobsAreTaken) {
    const auto look = after(claim_of(), took(1));
    EXPECT_TRUE(is_spared(look, claim_of(), start + 9ms));
    EXPECT_TRUE(is_spared(look, with_an_end(), start + 9ms));
    EXPECT_FALSE(is_spared(look, claim_of(), start + 10ms));
    EXPECT_FALSE(is_spared(look, claim_of(), start - 1ms));
}

TEST(QueueRedisLastLook, IsOfItsQueueAlone) {
    const auto look = after(claim_of(), took(1));
    EXPECT_FALSE(is_spared(look, claim_of({"images"})));
    EXPECT_FALSE(is_spared(look, claim_of({"mail", "images"})));
    EXPECT_FALSE(is_spared(look, with_an_end("images")));
    EXPECT_FALSE(is_spared(after(claim_of({"mail", "images"}), took(1)), claim_of()));
}

TEST(QueueRedisLastLook, DoesNotHoldWhereItIsNotKnownWhatCameLast) {
    EXPECT_FALSE(is_spared(after(claim_of(), took(0)), claim_of())) << "nothing of its own was active since";
    EXPECT_FALSE(is_spared(after(claim_of(), took(1)), claim_of(), start, false)) << "another call is under way";
    auto look = after(claim_of(), took(1));
    look.forget();
    EXPECT_FALSE(is_spared(look, claim_of()));
}

// The marker that our bell took away was for others as well.
TEST(QueueRedisLastLook, IsHadAgainByTheFirstCallAfterTheBellThatTakes) {
    auto look = after(claim_of(), took(1));
    look.must_look();
    auto under_way = took(1); // when it rang
    look.note(claim_of(), under_way, start);
    auto ends = with_an_end(), first = claim_of(), second = claim_of();
    ends.queues.clear();
    for (auto* each : {&ends, &first, &second})
        look.spare(*each, true, start);
    EXPECT_FALSE(first.has_looked);
    EXPECT_TRUE(second.has_looked);
}

TEST(QueueRedisLastLook, IsNeededWhereLeasesAreShort) {
    auto r = claim_of();
    r.lease = 999ms;
    EXPECT_FALSE(is_spared(after(claim_of(), took(1)), r));
}

TEST(QueueRedisLastLook, SaysWhenSomethingIsDueAsLongAsItHolds) {
    auto look = after(claim_of(), took(1, t0 + 5s));
    auto spared = took(1);
    spared.has_looked = false;
    look.note(claim_of(), spared, start + 5ms);
    EXPECT_EQ(spared.again, t0 + 5s);
    EXPECT_TRUE(is_spared(look, claim_of(), start + 9ms));
    EXPECT_FALSE(is_spared(look, claim_of(), start + 10ms)) << "it is as old as it is";
}

TEST(QueueRedisLastLook, KnowsTheMinuteInWhichEndsWereCounted) {
    auto look = after(with_an_end(), took(1));
    auto same = with_an_end(), next = with_an_end(), other = claim_of({"images"});
    next.now += 1min;
    for (auto* each : {&same, &next, &other})
        look.spare(*each, true, start);
    EXPECT_TRUE(same.is_counted);
    EXPECT_FALSE(next.is_counted);
    EXPECT_FALSE(other.is_counted);
    auto none = with_an_end();
    after(claim_of(), took(1)).spare(none, true, start);
    EXPECT_FALSE(none.is_counted);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
