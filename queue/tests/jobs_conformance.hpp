#pragma once

// What every backend must do with jobs that are added, read and counted.

#include "backend_fixture.hpp"

#include <set>

namespace infra::queue::tests {

// --- enqueue and get -----------------------------------------------------------------------------------------------

TEST_P(QueueBackend, RemembersAllThatIsSaidAboutAJob) {
    const job_options options{.attempts = 5,
                              .backoff = {.type = backoff::kind::exponential, .delay = 1s, .max = 1min, .jitter = 0.25},
                              .timeout = 30s,
                              .priority = 7,
                              .lifo = true,
                              .keep_completed = {.count = 3, .age = 1h},
                              .keep_failed = {}};
    auto job = make_job("a", options);
    job.run_at = t0 + 5s;
    const auto added = add({job});
    ASSERT_EQ(added.size(), 1u);
    EXPECT_TRUE(added[0].created());
    EXPECT_EQ(added[0].id, "a");

    const auto kept = info("a");
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->queue, "mail");
    EXPECT_EQ(kept->id, "a");
    EXPECT_EQ(kept->name, "welcome");
    EXPECT_EQ(kept->state, job_state::delayed);
    EXPECT_EQ(kept->data, R"({"n":1})");
    EXPECT_EQ(kept->result, "");
    EXPECT_EQ(kept->failed_reason, "");
    EXPECT_EQ(kept->attempts_made, 0);
    EXPECT_EQ(kept->fence, 0u);
    EXPECT_EQ(kept->created_at, t0);
    EXPECT_EQ(kept->run_at, t0 + 5s);
    EXPECT_EQ(kept->started_at, std::nullopt);
    EXPECT_EQ(kept->finished_at, std::nullopt);
    EXPECT_EQ(kept->options, options);
}

TEST_P(QueueBackend, FindsAJobWithoutItsQueue) {
    add({make_job("a")});
    EXPECT_TRUE(info("a", ""));
    EXPECT_FALSE(info("a", "other"));
    EXPECT_FALSE(info("b", ""));
}

TEST_P(QueueBackend, AddsAnIdOnlyOnce) {
    add({make_job("a")});
    auto second = make_job("a");
    second.data = R"("second")";
    const auto again = add({second, make_job("b"), make_job("b")});
    EXPECT_FALSE(again[0].created());
    EXPECT_TRUE(again[1].created());
    EXPECT_FALSE(again[2].created());
    EXPECT_EQ(again[0].id, "a");
    EXPECT_EQ(info("a")->data, R"({"n":1})");
    EXPECT_EQ(counts().waiting, 2u);
}

TEST_P(QueueBackend, GivesAnIdToAJobThatHasNone) {
    const auto added = add({make_job(""), make_job("", {}, "images"), make_job("a"), make_job("")});
    std::set<std::string> given;
    for (const auto i : {0, 1, 3}) {
        const auto& id = added.at(static_cast<std::size_t>(i)).id;
        EXPECT_FALSE(id.empty());
        EXPECT_EQ(id.find_first_not_of("0123456789"), id.npos) << id << " might be somebody's own";
        EXPECT_TRUE(added.at(static_cast<std::size_t>(i)).created());
        given.insert(subject.traits.numbers_all_jobs ? id : (i == 1 ? "images:" : "mail:") + id);
    }
    EXPECT_EQ(given.size(), 3u);
    EXPECT_EQ(info(added[1].id, "images")->queue, "images");
    if (subject.traits.numbers_all_jobs) {
        EXPECT_EQ(info(added[1].id, "")->queue, "images");
        EXPECT_FALSE(info(added[1].id, "mail"));
    }
    EXPECT_EQ(ids_of(claim()), (ids{added[0].id, "a", added[3].id}));
}

TEST_P(QueueBackend, KnowsNoNumberItDidNotGive) {
    const auto id = add({make_job("")}).at(0).id;
    for (const auto& each : {"0" + id, "+" + id, id + " ", "-" + id, id + "0", std::string("99999999999999999999")})
        EXPECT_FALSE(info(each, "")) << each;
}

TEST_P(QueueBackend, KeepsTheIdsOfQueuesApart) {
    add({make_job("a", {}, "mail"), make_job("a", {}, "images")});
    EXPECT_EQ(counts("mail").waiting, 1u);
    EXPECT_EQ(counts("images").waiting, 1u);
}

TEST_P(QueueBackend, RefusesAnIdWithoutAQueueThatSeveralHave) {
    add({make_job("b", {}, "images"), make_delayed("a", t0 + 1h), make_job("a", {}, "images")});
    const auto refusal = [&](auto asked) -> std::string {
        try {
            loop.await(std::move(asked));
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::ambiguous);
            return e.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal(stored->get({{"", "b"}, {"", "a"}})),
              "several queues have a job with the id \"a\": \"images\", \"mail\"; say which is meant");
    EXPECT_NE(refusal(stored->logs({"", "a"})), "accepted");
    EXPECT_NE(refusal(stored->wait_for_end({"", "a"})), "accepted");
    EXPECT_NE(refusal(stored->children({.parent = {"", "a"}})), "accepted");
    EXPECT_NE(refusal(stored->change({.what = job_change::cancel, .jobs = {{"", "b"}, {"", "a"}}, .now = t0})),
              "accepted");
    EXPECT_EQ(counts("mail").delayed, 1u);
    EXPECT_EQ(counts("images").waiting, 2u) << "all or none";
    loop.await(stored->change({.what = job_change::remove, .jobs = {{"images", "a"}}, .now = t0}));
    EXPECT_EQ(info("a", "")->queue, "mail");
}

TEST_P(QueueBackend, AddsAnIdAgainOnceItIsForgotten) {
    live_and_end("a", outcome::kind::completed, {.count = 0}, t0);
    EXPECT_TRUE(add({make_job("a")})[0].created());
}

TEST_P(QueueBackend, TakesNothingForNothing) {
    EXPECT_TRUE(add({}).empty());
    EXPECT_TRUE(loop.await(stored->finish({})).empty());
    EXPECT_TRUE(loop.await(stored->extend({}, 10s, t0)).empty());
    EXPECT_TRUE(loop.await(stored->get({})).empty());
    EXPECT_TRUE(claim(10, t0, {}).jobs.empty());
    EXPECT_TRUE(loop.await(stored->counts({})).empty());
}

TEST_P(QueueBackend, KeepsTextAsItIs) {
    using namespace std::string_literals;
    const auto odd = "\"'\\ \xf0\x9f\x90\x98 \0 end"s;
    auto job = make_job("ünï'\"cödé");
    job.name = "näme'";
    job.data = odd;
    job.carrier = R"({"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"a=\"'",)"
                  R"("baggage":"tenant=acme"})";
    add({job});
    const auto taken = claim();
    ASSERT_EQ(ids_of(taken), ids{"ünï'\"cödé"});
    EXPECT_EQ(taken.jobs[0].data, odd);
    EXPECT_EQ(taken.jobs[0].name, "näme'");
    EXPECT_EQ(taken.jobs[0].carrier, job.carrier);
    finish({.held = taken.jobs[0].held, .as = outcome::kind::failed, .reason = odd, .at = t0, .keep = {}});
    EXPECT_EQ(info("ünï'\"cödé")->failed_reason, odd);
}

TEST_P(QueueBackend, KeepsLargePayloads) {
    auto job = make_job("large");
    job.data = '"' + std::string(1 << 20, 'x') + '"';
    add({job});
    EXPECT_EQ(claim().jobs.at(0).data, job.data);
}

TEST_P(QueueBackend, ShowsWhatItHasToOthersAndAfterwards) {
    add({make_job("a")});
    const auto other = subject.open_again();
    EXPECT_TRUE(loop.await(other->get({{"mail", "a"}})).at(0));
    loop.await(other->enqueue({make_job("b")}));
    EXPECT_EQ(ids_of(claim()), (ids{"a", "b"}));
    EXPECT_EQ(loop.await(other->counts({"mail"})).at(0).active, 2u);
    loop.await(other->stop(deadline::after(30s)));
}

// --- counts --------------------------------------------------------------------------------------------------------

TEST_P(QueueBackend, CountsEachState) {
    add({make_job("a"), make_job("b"), make_job("c"), make_job("d"), make_delayed("e", t0 + 1h)});
    const auto taken = claim(3);
    finish({.held = taken.jobs[0].held, .at = t0});
    finish({.held = taken.jobs[1].held, .as = outcome::kind::failed, .at = t0});
    EXPECT_EQ(counts(),
              (queue_counts{.queue = "mail", .waiting = 1, .delayed = 1, .active = 1, .completed = 1, .failed = 1}));
}

TEST_P(QueueBackend, CountsAllQueuesByName) {
    add({make_job("a", {}, "mail"), make_job("b", {}, "images")});
    const auto all = loop.await(stored->counts({}));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].queue, "images");
    EXPECT_EQ(all[1].queue, "mail");
}

TEST_P(QueueBackend, CountsNothingInAQueueItDoesNotKnow) {
    EXPECT_EQ(counts("unheard of"), (queue_counts{.queue = "unheard of"}));
}

} // namespace infra::queue::tests
