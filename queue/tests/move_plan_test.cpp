#include "src/move_plan.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

using strings = std::vector<std::string>;

job_info job(job_id id, job_state state = job_state::waiting) {
    return {.queue = "mail", .id = std::move(id), .name = "welcome", .state = state, .data = "{}", .created_at = t0};
}

TEST(QueueMovePlan, KnowsTheSameJobByWhatNeverChanges) {
    auto other = job("1", job_state::completed);
    other.attempts_made = 3;
    other.created_at += 100us; // a storage keeps milliseconds
    EXPECT_TRUE(is_same_job(job("1"), other));
    for (auto* text : {&other.queue, &other.id, &other.name, &other.data}) {
        const auto before = std::exchange(*text, "else");
        EXPECT_FALSE(is_same_job(job("1"), other));
        *text = before;
    }
    other.created_at += 1ms;
    EXPECT_FALSE(is_same_job(job("1"), other));
}

TEST(QueueMovePlan, LeavesThePendingRunToItsSchedule) {
    const std::vector<schedule_info> schedules{{.queue = "mail", .id = "daily", .next = t0 + 1h}};
    EXPECT_TRUE(is_pending_run(job(run_id("daily", t0 + 1h)), schedules));
    EXPECT_FALSE(is_pending_run(job(run_id("daily", t0)), schedules));
    EXPECT_FALSE(is_pending_run(job(run_id("weekly", t0 + 1h)), schedules));
    EXPECT_FALSE(is_pending_run(job("daily"), schedules));
    EXPECT_FALSE(is_pending_run(job(run_id("daily", t0 + 1h), job_state::failed), schedules)) << "it was cancelled";
    auto elsewhere = job(run_id("daily", t0 + 1h));
    elsewhere.queue = "photos";
    EXPECT_FALSE(is_pending_run(elsewhere, schedules));
}

TEST(QueueMovePlan, SeesOtherJobsWithTheSameIds) {
    obstacle_list found({"mail"});
    auto other = job("7");
    found.look_at(job("1"), std::nullopt);
    found.look_at(job("7"), other);
    EXPECT_EQ(found.sentences(), strings{});
    other.data = R"({"n":2})";
    found.look_at(job("7"), other);
    ASSERT_EQ(found.sentences().size(), 1u);
    EXPECT_NE(found.sentences()[0].find("1 jobs (mail:7)"), std::string::npos) << found.sentences()[0];
}

TEST(QueueMovePlan, NamesTheFirstOfMany) {
    obstacle_list found({"mail"});
    for (int i = 0; i < 7; ++i) {
        auto other = job(std::to_string(i));
        other.name = "else";
        found.look_at(job(std::to_string(i)), other);
    }
    EXPECT_NE(found.sentences().at(0).find("7 jobs (mail:0, mail:1, mail:2, mail:3, mail:4 …)"), std::string::npos);
}

TEST(QueueMovePlan, TearsNoFamilyApart) {
    auto child = job("1");
    child.parent = job_key{"albums", "p"};
    auto parent = job("p", job_state::waiting_children);
    parent.queue = "albums";
    obstacle_list whole({"mail", "albums"}), torn({"mail"});
    whole.look_at_parent(child, parent);
    torn.look_at_parent(child, parent);
    EXPECT_EQ(whole.sentences(), strings{});
    EXPECT_EQ(torn.sentences().size(), 1u);

    obstacle_list of_the_past({"mail"}); // its parent has heard of it
    child.state = job_state::completed;
    of_the_past.look_at_parent(child, parent);
    child.state = job_state::failed;
    of_the_past.look_at_parent(child, parent);
    of_the_past.look_at_child({"mail", "p"}, {.job = {"photos", "2"}, .state = child_state::completed});
    EXPECT_EQ(of_the_past.sentences(), strings{});
    of_the_past.look_at_child({"mail", "p"}, {.job = {"photos", "3"}});
    EXPECT_EQ(of_the_past.sentences().size(), 1u);

    obstacle_list waited_for({"mail"}); // it has failed, and may be retried
    parent.children.pending = 1;
    waited_for.look_at_parent(child, parent);
    EXPECT_EQ(waited_for.sentences().size(), 1u);
}

TEST(QueueMovePlan, SaysWhatTheTargetCannotHave) {
    obstacle_list found({"mail"});
    found.look_at(job(""), std::nullopt);
    found.look_at_refusal(job("1"), "");
    found.look_at_refusal(job("2"), "too large");
    found.look_at_refusal(job("3"), "too large");
    ASSERT_EQ(found.sentences().size(), 2u);
    EXPECT_NE(found.sentences()[1].find("2 jobs (mail:2, mail:3) cannot be carried: too large"), std::string::npos)
        << found.sentences()[1];
}

TEST(QueueMovePlan, SaysWhatIsToBeKnownBefore) {
    const std::vector<queue_to_move> queues{
        {.there = {.queue = "calm"}}, {.there = {.queue = "mail", .active = 2}, .there_before = 3, .was_paused = true}};
    EXPECT_EQ(remarks_on(queues, "redis://there").size(), 3u);
    const std::vector<queue_to_move> interrupted{{.there = {.queue = "a"}, .moving_to = "redis://there"},
                                                 {.there = {.queue = "b"}, .moving_to = "redis://elsewhere"},
                                                 {.there = {.queue = "c"}, .target_moving_to = "sqlite:x.db"}};
    EXPECT_EQ(remarks_on(interrupted, "redis://there").size(), 2u);
}

} // namespace
} // namespace infra::queue::tests
