#pragma once

// What every backend must list.

#include "operations_fixture.hpp"

namespace infra::queue::tests {

TEST_P(QueueOperations, ListsInTheOrderInWhichJobsWereAdded) {
    add({make_job("a", {.priority = 5}), make_job("b"), make_job("c", {.lifo = true})});
    EXPECT_EQ(in_order(listed({.queue = "mail"})), in_order({"a", "b", "c"}));
    EXPECT_EQ(in_order(listed(list_request{.filter = {.queue = "mail"}, .newest_first = true})),
              in_order({"c", "b", "a"}));
}

TEST_P(QueueOperations, ListsPageByPage) {
    std::vector<new_job> many;
    ids all;
    for (int i = 0; i < 25; ++i) {
        all.push_back("j" + std::to_string(i));
        many.push_back(make_job(all.back()));
    }
    add(std::move(many));
    EXPECT_EQ(listed(list_request{.filter = {.queue = "mail"}, .max = 10}), all);
    std::ranges::reverse(all);
    EXPECT_EQ(listed(list_request{.filter = {.queue = "mail"}, .max = 10, .newest_first = true}), all);
    EXPECT_EQ(listed(list_request{.filter = {.queue = "mail"}, .max = 25, .newest_first = true}), all);
}

TEST_P(QueueOperations, ListsByState) {
    add_one_in_each_state();
    for (const auto& [state, id] : {std::pair(job_state::waiting, "Waiting"),
                                    {job_state::delayed, "Delayed"},
                                    {job_state::active, "Active"},
                                    {job_state::completed, "Completed"},
                                    {job_state::failed, "Failed"}})
        EXPECT_EQ(listed({.queue = "mail", .states = {state}}), ids{id});
    EXPECT_EQ(listed({.queue = "mail", .states = {job_state::failed, job_state::active}}), (ids{"Failed", "Active"}));
}

TEST_P(QueueOperations, ListsWhatFitsEverythingSaid) {
    add({make_job("other", {}, "images")});
    auto named = make_job("named");
    named.name = "farewell";
    auto holding = make_job("holding");
    holding.data = R"({"to":"a_b@example.org"})";
    auto later = make_job("later");
    later.created_at = t0 + 1h;
    add({named, holding, later});
    EXPECT_EQ(in_order(listed(job_filter{})), in_order({"other", "named", "holding", "later"}));
    EXPECT_EQ(listed({.queue = "mail", .name = "farewell"}), ids{"named"});
    EXPECT_EQ(listed({.queue = "mail", .data_contains = "a_b@example"}), ids{"holding"});
    EXPECT_EQ(listed({.queue = "mail", .data_contains = "A_B@"}), ids{});
    EXPECT_EQ(listed({.queue = "mail", .data_contains = "a%b"}), ids{});
    EXPECT_EQ(listed({.queue = "mail", .created_before = t0 + 1h}), (ids{"named", "holding"}));
    EXPECT_EQ(listed({.queue = "mail", .name = "welcome", .created_before = t0 + 1h}), ids{"holding"});
}

TEST_P(QueueOperations, ListsFinishedJobsByReasonAndTime) {
    live_and_end("a", outcome::kind::failed, {}, t0);
    live_and_end("b", outcome::kind::failed, {}, t0 + 10s);
    live_and_end("c", outcome::kind::completed, {}, t0);
    add({make_job("waiting")});
    EXPECT_EQ(listed({.queue = "mail", .reason_contains = "ba"}), (ids{"a", "b"}));
    EXPECT_EQ(in_order(listed({.queue = "mail", .finished_before = t0 + 10s})), in_order({"a", "c"}));
    EXPECT_EQ(listed({.queue = "mail", .reason_contains = "no such"}), ids{});
}

TEST_P(QueueOperations, SaysHowManyJobsAPageWasLookedForAmong) {
    add({make_job("a"), make_job("b"), make_job("c")});
    const auto page = loop.await(stored->list({.filter = {.queue = "mail", .data_contains = "no such"}}));
    EXPECT_TRUE(page.jobs.empty());
    EXPECT_EQ(page.looked_at, 3u);
}

TEST_P(QueueOperations, ShowsTheTraceInWhichAJobWasAddedAndNothingElseOfItsCarrier) {
    auto traced = make_job("traced");
    traced.carrier =
        R"({"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","baggage":"user=ann"})";
    auto strange = make_job("strange");
    strange.carrier = "from elsewhere";
    add({traced, strange, make_job("plain")});
    const auto found = loop.await(stored->get({{"mail", "traced"}, {"mail", "strange"}, {"mail", "plain"}}));
    EXPECT_EQ(found.at(0)->trace, "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(found.at(1)->trace, "");
    EXPECT_EQ(found.at(2)->trace, "");
}

TEST_P(QueueOperations, ListsNothingOfAQueueItDoesNotKnowOrByACursorItDidNotGive) {
    add({make_job("a")});
    EXPECT_EQ(listed({.queue = "unheard of"}), ids{});
    for (const auto* cursor : {"x", "-1", "99999999999999999999999", " "})
        loop.await(stored->list({.filter = {.queue = "mail"}, .cursor = cursor}));
}

} // namespace infra::queue::tests
