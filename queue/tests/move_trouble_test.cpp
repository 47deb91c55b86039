// Moves that are interrupted, killed, started twice, or go on beside programs that work.

#include "move_fixture.hpp"

namespace infra::queue::tests {
namespace {

class QueueMoveTrouble : public QueueMove {
protected:
    /// While the mover waits, once: in the middle of the first such step of that queue.
    move_options doing(move_step step, std::string queue, std::function<void()> what) {
        return {.page = 1,
                .resume = true,
                .on_progress = [step, queue = std::move(queue), what = std::move(what),
                                is_done = std::make_shared<bool>(false)](const move_progress& p) {
                    if (p.step == step && p.queue == queue && !std::exchange(*is_done, true))
                        what();
                }};
    }
    void move_what_is_left() {
        if (!jobs_of(*from).empty())
            move_all({.resume = true});
    }
    job_info known(backend& stored, job_key key) {
        return loop.await(stored.get({std::move(key)})).at(0).value_or(job_info{});
    }
    transferable_store& transferable(const std::shared_ptr<backend>& of) {
        return dynamic_cast<transferable_store&>(*of);
    }

    test_loop meanwhile;
};

TEST_P(QueueMoveTrouble, GoesOnWhereItWasInterruptedAnywhere) {
    fill();
    const auto before = facts_of(*from);
    const auto jobs = jobs_of(*from).size();
    std::size_t interruptions = 0;
    for (std::size_t after = 1;; ++after) {
        std::size_t steps = 0;
        try {
            move_all({.page = 2, .resume = true, .on_progress = [&](const move_progress&) {
                          if (++steps == after)
                              throw interrupted();
                      }});
            break;
        } catch (const interrupted&) {
            ++interruptions;
        }
        ASSERT_EQ(known_somewhere(), jobs) << "after step " << after;
    }
    EXPECT_GT(interruptions, 5u);
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
}

TEST_P(QueueMoveTrouble, LosesNothingWhenItIsKilled) {
    if (uses(storage::memory))
        GTEST_SKIP() << "memory ends with its process";
    fill();
    const auto before = facts_of(*from);
    const auto jobs = known_somewhere();
    std::size_t kills = 0;
    for (std::size_t steps = 1; kill_after(steps); steps += 5, ++kills)
        ASSERT_EQ(known_somewhere(), jobs) << "after step " << steps;
    EXPECT_GT(kills, 3u);
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
}

TEST_P(QueueMoveTrouble, CarriesWhatIsAddedMeanwhile) {
    add({job("a"), job("b")});
    bool has_added = false;
    std::shared_ptr<pending<std::vector<added_job>>> adding;
    move_all({.page = 1, .on_progress = [&](const move_progress& p) {
                  if (p.step == move_step::removing && !std::exchange(has_added, true))
                      adding = loop.start(from->enqueue({job("c")}));
              }});
    ASSERT_TRUE(adding && loop.until([&] { return adding->ended; }));
    if (!jobs_of(*from).empty()) // it came after the end
        loop.await(move_queues(from, to, loop.await(plan_move(from, to)), {}));
    EXPECT_EQ(jobs_of(*to).size(), 3u);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
}

TEST_P(QueueMoveTrouble, WaitsForJobsThatRun) {
    add({job("a"), job("b")});
    const auto running = take();
    const auto plan = loop.await(plan_move(from, to));
    EXPECT_EQ(plan.remarks.size(), 1u);
    EXPECT_EQ(loop.code_of(move_queues(from, to, plan, {.patience = 0ms})), infra::errc::timed_out);
    EXPECT_EQ(jobs_of(*to).size(), 0u);
    bool has_ended = false;
    std::shared_ptr<pending<std::vector<bool>>> ending;
    std::vector<outcome> one{{.held = running.held, .as = outcome::kind::completed, .at = now, .keep = {.count = 10}}};
    loop.await(move_queues(from, to, plan, {.on_progress = [&](const move_progress& p) {
                               if (p.step == move_step::waiting && !std::exchange(has_ended, true))
                                   ending = loop.start(from->finish(one));
                           }}));
    EXPECT_TRUE(has_ended);
    EXPECT_EQ(jobs_of(*to).size(), 2u);
}

TEST_P(QueueMoveTrouble, CarriesFlowsThatAreAddedMeanwhile) {
    add({job("a"), job("b"), job("old", {}, "albums")});
    move_all(doing(move_step::removing, "mail", [&] { // albums have been moved by then
        auto dad = job("dad", {}, "albums"), kid = job("kid");
        kid.parent = child_of{.place = 0};
        meanwhile.await(from->enqueue({dad, kid}));
    }));
    move_what_is_left();
    EXPECT_EQ(jobs_of(*from).size(), 0u);
    const auto dad = known(*to, {"albums", "dad"});
    EXPECT_EQ(dad.state, job_state::waiting_children) << "it would run before its child";
    EXPECT_EQ(dad.children, (children_counts{.pending = 1}));
    EXPECT_EQ(known(*to, {"mail", "kid"}).parent, (job_key{"albums", "dad"}));
}

TEST_P(QueueMoveTrouble, LosesNoChildThatIsAddedToOneThatWaits) {
    auto dad = job("dad", {}, "albums"), kid = job("kid"), late = job("late");
    kid.parent = child_of{.place = 0};
    late.parent = child_of{.parent = {"albums", "dad"}};
    add({dad, kid});
    move_all(doing(move_step::linking, "albums", [&] { meanwhile.await(from->enqueue({late})); }));
    move_what_is_left();
    EXPECT_EQ(known(*to, {"albums", "dad"}).children, (children_counts{.pending = 2}));
    EXPECT_EQ(known(*to, {"mail", "late"}).id, "late") << "it was removed together with its parent";
}

TEST_P(QueueMoveTrouble, MayBeStartedTwice) {
    fill();
    const auto before = facts_of(*from);
    const auto plan = loop.await(plan_move(from, to));
    const auto one = loop.start(move_queues(from, to, plan, {.page = 1}));
    const auto two = loop.start(move_queues(from, to, plan, {.page = 2}));
    ASSERT_TRUE(loop.until([&] { return one->ended && two->ended; }));
    if (one->failure || two->failure) // the one that ended first has resumed the target
        move_all({.resume = true});
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
}

TEST_P(QueueMoveTrouble, GoesNowhereElseUntilItIsOver) {
    add({job("a"), job("b"), job("c")});
    EXPECT_THROW(move_all(doing(move_step::removing, "mail", [] { throw interrupted(); })), interrupted);
    const auto elsewhere = make(storage::sqlite, "elsewhere");
    const auto plan = loop.await(plan_move(from, elsewhere));
    EXPECT_EQ(plan.queues.at(0).moving_to, to->description());
    EXPECT_EQ(loop.code_of(move_queues(from, elsewhere, plan, {})), infra::errc::invalid_state);
    EXPECT_EQ(jobs_of(*elsewhere).size(), 0u);
    loop.await(move_queues(from, elsewhere, plan, {.resume = true, .anew = true}));
    EXPECT_EQ(jobs_of(*elsewhere).size(), 2u);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
    EXPECT_EQ(loop.await(transferable(from).mark({.queue = "mail"})), "");
    loop.await(elsewhere->stop(deadline::after(30s)));
}

TEST_P(QueueMoveTrouble, RestoresNothingWhereItWouldRun) {
    add_one(job("a"));
    const auto carried = loop.await(transferable(from).carry({{"mail", "a"}}));
    EXPECT_EQ(loop.code_of(transferable(to).restore({carried.at(0).value()})), infra::errc::invalid_state);
    EXPECT_EQ(loop.code_of(transferable(to).restore_children({"mail", "a"}, {{.job = {"mail", "b"}}})),
              infra::errc::invalid_state);
    EXPECT_EQ(jobs_of(*to).size(), 0u);
}

TEST_P(QueueMoveTrouble, StopsWhereSomebodyResumesTheTarget) {
    add({job("a"), job("b"), job("c")});
    const auto plan = loop.await(plan_move(from, to));
    const auto how = doing(move_step::copying, "mail",
                           [&] { meanwhile.await(to->configure({.queue = "mail", .paused = false, .now = now})); });
    EXPECT_EQ(loop.code_of(move_queues(from, to, plan, how)), infra::errc::invalid_state);
    EXPECT_EQ(jobs_of(*from).size(), 3u);
    EXPECT_EQ(jobs_of(*to).size(), 1u);
    move_what_is_left();
    EXPECT_EQ(jobs_of(*to).size(), 3u);
}

TEST_P(QueueMoveTrouble, PartsTheNumbersOfBoth) {
    add({job(""), job("")});
    const auto known_ids = jobs_of(*from);
    move_all();
    const auto later = add({job("")}).at(0).id; // by a program that does not know of the move
    const auto there = loop.await(to->enqueue({job("")})).at(0).id;
    EXPECT_NE(later, there);
    for (const auto& each : known_ids)
        EXPECT_NE(there, each.id);
    move_all();
    EXPECT_EQ(jobs_of(*to).size(), 4u);
}

TEST_P(QueueMoveTrouble, TakesTheLengthThatTheSourceMayHave) {
    loop.await(to->configure({.queue = "mail", .max_length = 1, .now = now}));
    add({job("a"), job("b"), job("c")});
    move_all();
    EXPECT_EQ(jobs_of(*to).size(), 3u);
    EXPECT_EQ(loop.await(to->settings("mail")).max_length, 0u);
}

TEST_P(QueueMoveTrouble, LeavesOneThatFailedWhereItIsWaitedFor) {
    auto album = job("album", {}, "albums"), page = job("page");
    page.parent = child_of{.place = 0, .on_failure = child_failure::wait};
    add({album, page});
    end(take(), outcome::kind::failed, "too large");
    EXPECT_EQ(loop.await(plan_move(from, to, {"mail"})).obstacles.size(), 1u);
    EXPECT_EQ(loop.await(plan_move(from, to)).obstacles, strings{});
}

INSTANTIATE_TEST_SUITE_P(All, QueueMoveTrouble, all_ways, name_of);

} // namespace
} // namespace infra::queue::tests
