#include "move_fixture.hpp"

namespace infra::queue::tests {
namespace {

TEST_P(QueueMove, CarriesAllThatIsKnown) {
    fill();
    const auto before = facts_of(*from);
    const auto moved = move_all();
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
    EXPECT_EQ(loop.await(from->schedules(std::nullopt)).size(), 0u);
    ASSERT_EQ(moved.size(), 2u);
    EXPECT_EQ(moved[0].queue, "albums");
    EXPECT_EQ(moved[0].carried, 1u);
    EXPECT_EQ(moved[1].carried, 11u); // with a run whose schedule went on
    EXPECT_EQ(moved[1].removed, 11u);
    EXPECT_EQ(moved[1].schedules, 1u);
    EXPECT_FALSE(loop.await(to->settings("mail")).paused);
    EXPECT_TRUE(loop.await(from->settings("mail")).paused);
}

TEST_P(QueueMove, CarriesThePauseOfASchedule) {
    fill_with_schedule();
    loop.await(from->pause_schedules({{"mail", "daily"}}, now + 1s));
    const auto before = facts_of(*from);
    EXPECT_EQ(move_all().at(0).schedules, 1u);
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_TRUE(loop.await(from->schedules(std::nullopt)).empty());
    const auto s = loop.await(to->schedules("mail")).at(0);
    EXPECT_EQ(s.paused_since, now + 1s);
    EXPECT_EQ(s.runs, 1u);
    EXPECT_EQ(loop.await(
                  to->resume_schedules({{.of = {"mail", "daily"}, .when = s.when, .next = now + 3h, .now = now + 2h}})),
              std::vector{true});
    EXPECT_EQ(loop.await(to->schedules("mail")).at(0).pending, job_state::delayed);
    EXPECT_EQ(loop.await(to->schedules("mail")).at(0).runs, 1u);
}

TEST_P(QueueMove, LeavesJobsInTheOrderOfTheirLine) {
    job_options front{.lifo = true};
    add({job("a"), job("b"), job("last", {.priority = 9}), job("p", {.priority = 3}), job("x", front),
         job("y", front)});
    move_all();
    strings order;
    const auto taken = loop.await(to->claim({.queues = {"mail"}, .max = 10, .worker = "w", .now = now}));
    for (const auto& each : taken.jobs)
        order.push_back(each.held.job.id);
    EXPECT_EQ(order, (strings{"y", "x", "a", "b", "p", "last"}));
}

TEST_P(QueueMove, LetsAFamilyGoOnWhereItIs) {
    fill_with_family();
    move_all();
    const auto late = take_from(*to, "mail");
    EXPECT_EQ(late.held.job.id, "late");
    end(*to, late, outcome::kind::failed, "no page two");
    const auto album = take_from(*to, "albums");
    EXPECT_EQ(album.held.job.id, "album");
    std::map<std::string, std::string> seen;
    const auto page = loop.await(to->children({.parent = {"albums", "album"}}));
    for (const auto& c : page.children)
        seen[c.job.id] = c.result + c.failed_reason;
    EXPECT_EQ(seen, (std::map<std::string, std::string>{{"late", "no page two"}, {"ready", R"("page one")"}}));
}

TEST_P(QueueMove, KeepsWhatHoldsADeduplicationAndTheNumbers) {
    add_one(job(""));
    auto once = job("special");
    once.deduplicate = deduplication{.id = "once", .ttl = 1h};
    add_one(once);
    const auto ids = jobs_of(*from);
    move_all();
    once.id = "another";
    std::vector<new_job> again{once, job("")};
    const auto added = loop.await(to->enqueue(std::move(again)));
    EXPECT_EQ(added[0].how, addition::deduplicated);
    EXPECT_EQ(added[0].id, "special");
    EXPECT_EQ(added[1].how, addition::created);
    for (const auto& each : ids)
        EXPECT_NE(added[1].id, each.id) << "a number was given twice";
}

TEST_P(QueueMove, MixesNoJobsUp) {
    add({job("a"), job("b")});
    auto other = job("a");
    other.data = R"({"n":2})";
    loop.await(to->enqueue({other}));
    const auto plan = loop.await(plan_move(from, to));
    EXPECT_EQ(plan.obstacles.size(), 1u);
    EXPECT_EQ(loop.code_of(move_queues(from, to, plan, {})), infra::errc::invalid_state);
    EXPECT_EQ(jobs_of(*from).size(), 2u);
    EXPECT_FALSE(loop.await(from->settings("mail")).paused);
    EXPECT_EQ(jobs_of(*to).size(), 1u);
}

TEST_P(QueueMove, MovesOnlyWhatIsNamedAndTearsNoFamilyApart) {
    fill_with_family();
    add_one(job("other", {}, "photos"));
    EXPECT_EQ(loop.await(plan_move(from, to, {"mail"})).obstacles.size(), 1u);
    EXPECT_EQ(loop.await(plan_move(from, to, {"albums"})).obstacles.size(), 1u);
    const auto plan = loop.await(plan_move(from, to, {"photos"}));
    EXPECT_EQ(plan.obstacles, strings{});
    loop.await(move_queues(from, to, plan, {}));
    EXPECT_EQ(jobs_of(*to).size(), 1u);
    EXPECT_EQ(jobs_of(*from).size(), 3u);
}

TEST_P(QueueMove, StaysPausedWhereItWas) {
    add_one(job("a"));
    loop.await(from->configure({.queue = "mail", .paused = true, .now = now}));
    EXPECT_TRUE(move_all().at(0).paused);
    EXPECT_TRUE(loop.await(to->settings("mail")).paused);
}

INSTANTIATE_TEST_SUITE_P(All, QueueMove, all_ways, name_of);

} // namespace
} // namespace infra::queue::tests
