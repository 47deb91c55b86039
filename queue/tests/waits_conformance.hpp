#pragma once

// What every backend must do for a claim that waits for work, and for all when it stops.

#include "backend_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace infra::queue::tests {

// --- waiting for work ----------------------------------------------------------------------------------------------

TEST_P(QueueBackend, DoesNotWaitWhenThereIsWork) {
    add({make_job("a"), make_job("b")});
    EXPECT_EQ(ids_of(loop.await(stored->claim(waiting_claim()))), (ids{"a", "b"}));
}

TEST_P(QueueBackend, GivesWhatComesToWhoWaits) {
    const auto claiming = wait_to_claim(waiting_claim({"images", "mail"}));
    add({make_job("a"), make_job("b")});
    EXPECT_EQ(ids_of(result_of(claiming)), (ids{"a", "b"}));
    EXPECT_EQ(counts().active, 2u);
}

TEST_P(QueueBackend, GivesWhatComesFirstToWhoHasWaitedLongest) {
    auto first = waiting_claim(), second = waiting_claim();
    first.max = second.max = 2;
    const auto a = wait_to_claim(first), b = wait_to_claim(second);
    add({make_job("a"), make_job("b"), make_job("c")});
    EXPECT_EQ(ids_of(result_of(a)), (ids{"a", "b"}));
    EXPECT_EQ(ids_of(result_of(b)), (ids{"c"}));
}

TEST_P(QueueBackend, WaitsOnWhenWorkComesForOthers) {
    const auto claiming = wait_to_claim(waiting_claim({"images"}));
    add({make_job("a")});
    EXPECT_EQ(ids_of(claim(1)), ids{"a"});
    loop.settle();
    EXPECT_FALSE(claiming->ended);
    add({make_job("b", {}, "images")});
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"b"});
}

TEST_P(QueueBackend, LeasesWhatItWaitedForFromTheMomentItCame) {
    const auto claiming = wait_to_claim(waiting_claim());
    time.advance(1h);
    add({make_job("a")});
    const auto held = result_of(claiming).jobs.at(0).held;
    EXPECT_EQ(info("a")->started_at, t0 + 1h);
    EXPECT_TRUE(claim(1, t0 + 1h + 9s).rescued.empty());
    EXPECT_EQ(claim(1, t0 + 1h + 10s).rescued.size(), 1u);
}

TEST_P(QueueBackend, GivesAJobThatIsReturnedToWhoWaits) {
    add({make_job("a")});
    const auto held = claim(5).jobs.at(0).held;
    auto request = waiting_claim();
    request.due = t0; // earlier than the end of a's lease
    const auto claiming = wait_to_claim(request);
    finish({.held = held, .as = outcome::kind::returned, .at = t0});
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"a"});
}

TEST_P(QueueBackend, GivesAJobThatSomebodyElsePromotedToWhoWaits) {
    add({make_delayed("a", t0 + 1s)});
    auto request = waiting_claim();
    request.due = t0 + 1s;
    const auto claiming = wait_to_claim(request);
    promote_without_taking(t0 + 1s);
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"a"});
}

TEST_P(QueueBackend, GivesWhatComesTogetherWithAClaimToThatClaim) {
    for (int i = 0; i < 50; ++i) {
        const auto id = "j" + std::to_string(i);
        const auto claiming = loop.start(stored->claim(waiting_claim()));
        const auto adding = loop.start(stored->enqueue({make_job(id)}));
        const auto taken = result_of(claiming);
        ASSERT_EQ(ids_of(taken), ids{id});
        finish({.held = taken.jobs[0].held, .at = t0});
    }
}

TEST_P(QueueBackend, GivesAJobThatIsPromotedTogetherWithAClaimToThatClaim) {
    for (int i = 0; i < 20; ++i) {
        add({make_delayed("j" + std::to_string(i), t0 + 1s)});
        auto request = waiting_claim();
        request.due = t0 + 1s;
        const auto claiming = loop.start(stored->claim(request));
        const auto other = loop.start(stored->claim(claim_of_nothing(t0 + 1s)));
        const auto taken = result_of(claiming);
        ASSERT_EQ(taken.jobs.size(), 1u);
        finish({.held = taken.jobs[0].held, .at = t0});
        ASSERT_TRUE(loop.until([&] { return other->ended; }));
    }
}

TEST_P(QueueBackend, TellsWhoWaitsThatSomethingIsDueBeforeTheTimeItKnows) {
    auto request = waiting_claim();
    request.due = t0 + 2min;
    const auto claiming = wait_to_claim(request);
    add({make_delayed("late", t0 + 3min)});
    EXPECT_FALSE(claiming->ended);
    add({make_delayed("soon", t0 + 1min)});
    const auto taken = result_of(claiming);
    EXPECT_EQ(ids_of(taken), ids{});
    EXPECT_EQ(taken.next_due, t0 + 1min);
}

TEST_P(QueueBackend, DoesNotWaitBeforeItsCallerKnowsWhatIsDueNext) {
    add({make_delayed("a", t0 + 1min)});
    EXPECT_EQ(loop.await(stored->claim(waiting_claim())).next_due, t0 + 1min);
}

TEST_P(QueueBackend, GivesWhatAnotherProcessAddsToWhoWaits) {
    add({make_job("first", {}, "images")});
    const auto claiming = wait_to_claim(waiting_claim());
    const auto other = subject.open_again();
    loop.await(other->enqueue({make_job("a")}));
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"a"});
    loop.await(other->stop(deadline::after(30s)));
}

TEST_P(QueueBackend, StopsWaitingWhenCancelled) {
    asio::cancellation_signal cancel;
    std::optional<std::exception_ptr> end;
    asio::co_spawn(
        loop.get_executor(), stored->claim(waiting_claim()),
        asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e, const claim_result&) { end = e; }));
    loop.await(stored->counts({}));
    loop.settle();
    ASSERT_FALSE(end);
    cancel.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(loop.until([&] { return end.has_value(); }));
    EXPECT_EQ(infra::code_of(*end), asio::error::operation_aborted);
    add({make_job("a")});
    EXPECT_EQ(counts().waiting, 1u) << "taken for somebody who has gone";
}

// Whichever comes first: what was taken is handed over, what was not still waits.
TEST_P(QueueBackend, LosesNoJobToAClaimThatIsCancelledAsWorkComes) {
    for (int i = 0; i < 200; ++i) {
        const auto id = "j" + std::to_string(i);
        asio::cancellation_signal cancel;
        std::optional<ids> taken;
        asio::co_spawn(loop.get_executor(), stored->claim(waiting_claim()),
                       asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e, const claim_result& r) {
                           taken = e ? ids{} : ids_of(r);
                       }));
        loop.settle();
        const auto adding = loop.start(stored->enqueue({make_job(id)}));
        for (int spin = 0; spin < i % 20; ++spin)
            loop.settle();
        bool emitted = false; // on the loop: from elsewhere Asio would emit later, and perhaps to another claim
        asio::post(loop.get_executor(), [&] {
            cancel.emit(asio::cancellation_type::terminal);
            emitted = true;
        });
        ASSERT_TRUE(loop.until([&] { return emitted && taken && adding->ended; }));
        if (taken->empty())
            *taken = ids_of(claim(1));
        ASSERT_EQ(*taken, ids{id});
    }
}

// --- stopping ------------------------------------------------------------------------------------------------------

TEST_P(QueueBackend, RefusesEverythingOnceStopped) {
    add({make_job("a")});
    const auto waiting = wait_to_claim(waiting_claim({"other"}));
    loop.await(stored->stop(deadline::after(30s)));
    loop.await(stored->stop(deadline::after(30s)));
    EXPECT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ(infra::code_of(waiting->failure), infra::errc::closed);
    EXPECT_EQ(loop.code_of(stored->enqueue({make_job("b")})), infra::errc::closed);
    EXPECT_EQ(loop.code_of(stored->claim({.queues = {"mail"}, .now = t0})), infra::errc::closed);
    EXPECT_EQ(loop.code_of(stored->claim(waiting_claim())), infra::errc::closed);
}

TEST_P(QueueBackend, FinishesWhatWaitsWhenStopped) {
    std::vector<std::shared_ptr<pending<std::vector<added_job>>>> adds;
    for (int i = 0; i < 50; ++i)
        adds.push_back(loop.start(stored->enqueue({make_job("a" + std::to_string(i))})));
    loop.settle();
    loop.await(stored->stop(deadline::after(30s)));
    loop.settle();
    for (const auto& each : adds) {
        EXPECT_TRUE(each->ended);
        EXPECT_FALSE(each->failure);
    }
    const auto other = subject.open_again();
    EXPECT_EQ(loop.await(other->counts({"mail"})).at(0).waiting, 50u);
    loop.await(other->stop(deadline::after(30s)));
}

TEST_P(QueueBackend, StopsBeforeItWasUsed) {
    loop.await(stored->stop(deadline::after(30s)));
    EXPECT_EQ(loop.code_of(stored->counts({})), infra::errc::closed);
}

TEST_P(QueueBackend, AnswersWhatWaitsWhenItIsDestroyed) {
    std::vector<std::shared_ptr<pending<std::vector<added_job>>>> adds;
    auto other = subject.open_again();
    for (int i = 0; i < 50; ++i)
        adds.push_back(loop.start(other->enqueue({make_job("a" + std::to_string(i))})));
    const auto wait = loop.start(other->claim(waiting_claim({"other"})));
    loop.settle();
    other.reset();
    for (const auto& each : adds)
        EXPECT_TRUE(loop.until([&] { return each->ended; }));
    EXPECT_TRUE(loop.until([&] { return wait->ended; }));
    EXPECT_EQ(infra::code_of(wait->failure), infra::errc::closed);
}

} // namespace infra::queue::tests
