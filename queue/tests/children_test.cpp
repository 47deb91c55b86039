#include "support.hpp"

#include <infra/queue/children.hpp>

namespace infra::queue::tests {
namespace {

using effect = child_end::effect;

TEST(QueueChildRules, ACompletedChildIsDoneUnderEveryPolicy) {
    for (const auto policy : {child_failure::fail_parent, child_failure::continue_parent, child_failure::ignore,
                              child_failure::remove, child_failure::wait}) {
        const auto end = end_of_child(true, policy);
        EXPECT_EQ(end.as, child_state::completed);
        EXPECT_TRUE(end.kept);
        EXPECT_EQ(end.on_parent, effect::none);
    }
}

TEST(QueueChildRules, AFailedChildDoesWhatItsPolicySays) {
    EXPECT_EQ(end_of_child(false, child_failure::fail_parent).on_parent, effect::fail);
    EXPECT_EQ(end_of_child(false, child_failure::continue_parent).on_parent, effect::release);
    EXPECT_EQ(end_of_child(false, child_failure::ignore).on_parent, effect::none);
    EXPECT_EQ(end_of_child(false, child_failure::ignore).as, child_state::failed);
    EXPECT_FALSE(end_of_child(false, child_failure::remove).kept);
    EXPECT_EQ(end_of_child(false, child_failure::wait).as, child_state::pending);
}

TEST(QueueChildRules, ARunFailsBecauseOfAChildThatFailedIt) {
    EXPECT_EQ(failure_by_children(run_end::completed, {.doomed_by = "mail:7"}), "child mail:7 failed");
    EXPECT_EQ(failure_by_children(run_end::comes_back, {.doomed_by = "mail:7"}), "child mail:7 failed");
}

TEST(QueueChildRules, ARunFailsIfItCompletesBeforeItsChildren) {
    EXPECT_EQ(failure_by_children(run_end::completed, {.pending = 1}), unfinished_children_reason);
    EXPECT_EQ(failure_by_children(run_end::completed, {.pending = 1, .released_early = true}), "");
    EXPECT_EQ(failure_by_children(run_end::comes_back, {.pending = 1}), "");
    EXPECT_EQ(failure_by_children(run_end::completed, {}), "");
}

TEST(QueueChildRules, ARunFailsIfItWaitsAndNothingIsNew) {
    EXPECT_EQ(failure_by_children(run_end::waits_for_children, {}), nothing_to_wait_for_reason);
    EXPECT_EQ(failure_by_children(run_end::waits_for_children, {.pending = 1}), "");
    EXPECT_EQ(failure_by_children(run_end::waits_for_children, {.changed = true}), "");
    EXPECT_EQ(failure_by_children(run_end::comes_back, {}), "");
}

TEST(QueueChildRules, FindsWhoIsAParent) {
    auto child = make_job("c");
    child.parent = child_of{.place = 1};
    EXPECT_EQ(parents_in({make_job("a"), make_job("b"), child}), (std::vector{false, true, false}));
}

TEST(QueueChildRules, AParentStandsBeforeItsChild) {
    auto child = make_job("c");
    child.parent = child_of{.place = 1};
    EXPECT_THROW(check_families({make_job("a"), child}), std::invalid_argument);
    EXPECT_THROW(check_families({child}), std::invalid_argument);
    EXPECT_NO_THROW(check_families({make_job("a"), make_job("b"), child}));
}

} // namespace
} // namespace infra::queue::tests
