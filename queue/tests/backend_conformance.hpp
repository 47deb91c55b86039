#pragma once

// What every backend of the queue must do, as one GoogleTest suite. A backend contributes how to make itself:
//
//     INSTANTIATE_TEST_SUITE_P(Sqlite, QueueBackend, testing::Values(backend_case{"Sqlite", make_sqlite_subject}),
//                              backend_case_name);

#include "support.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <set>

namespace infra::queue::tests {

struct backend_subject {
    std::shared_ptr<backend> stored;
    /// The same storage as another process would open it.
    std::function<std::shared_ptr<backend>()> open_again;
    /// Looks, after each test, whether the storage agrees with itself.
    std::function<void()> check = [] {};
    std::shared_ptr<void> surroundings = nullptr;
};

struct backend_case {
    std::string name;
    std::function<backend_subject()> make;
};

inline std::string backend_case_name(const ::testing::TestParamInfo<backend_case>& info) { return info.param.name; }

class QueueBackend : public ::testing::TestWithParam<backend_case> {
protected:
    QueueBackend() : subject(GetParam().make()), stored(subject.stored) {}

    void TearDown() override {
        loop.code_of(stored->stop(deadline::after(30s)));
        subject.check();
    }

    std::vector<added_job> add(std::vector<new_job> jobs) { return loop.await(stored->enqueue(std::move(jobs))); }

    claim_result claim(std::size_t max = 100, wall_time now = t0, std::vector<std::string> queues = {"mail"}) {
        return loop.await(
            stored->claim({.queues = std::move(queues), .max = max, .worker = "w", .lease = 10s, .now = now}));
    }

    bool finish(outcome o) {
        std::vector<outcome> one{std::move(o)};
        return loop.await(stored->finish(std::move(one))).at(0);
    }

    /// A claim of `queues` that waits for work.
    claim_request waiting_claim(std::vector<std::string> queues = {"mail"}) {
        return {.queues = std::move(queues), .max = 10, .worker = "w", .now = t0, .wait = true, .time = &time};
    }
    /// Begun, and found to wait.
    std::shared_ptr<pending<claim_result>> wait_to_claim(claim_request request) {
        const auto claiming = loop.start(stored->claim(std::move(request)));
        loop.await(stored->counts({})); // behind it
        loop.settle();
        EXPECT_FALSE(claiming->ended);
        return claiming;
    }
    claim_result result_of(const std::shared_ptr<pending<claim_result>>& claiming) {
        EXPECT_TRUE(loop.until([&] { return claiming->ended; }));
        if (claiming->failure)
            std::rethrow_exception(claiming->failure);
        return std::move(*claiming->value);
    }

    bool extend(const lease& held, wall_time until) {
        return loop.await(stored->extend({held}, until)).at(0) == renewal::held;
    }

    std::optional<job_info> info(const job_id& id, std::string queue = "mail") {
        return loop.await(stored->get({{std::move(queue), id}})).at(0);
    }

    queue_counts counts(const std::string& queue = "mail") { return loop.await(stored->counts({queue})).at(0); }

    /// Adds a job, takes it and ends it.
    void live_and_end(const job_id& id, outcome::kind how, keep kept, wall_time at) {
        add({make_job(id)});
        const auto taken = claim(1, at);
        ASSERT_EQ(ids_of(taken), ids{id});
        ASSERT_TRUE(finish({.held = taken.jobs[0].held,
                            .as = how,
                            .reason = how == outcome::kind::failed ? "bad" : "",
                            .at = at,
                            .keep = kept}));
    }

    test_loop loop;
    manual_clock time;
    backend_subject subject;
    std::shared_ptr<backend> stored;
};

// --- enqueue and get ----------------------------------------------------------------------------------------------

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
    std::set<job_id> given;
    for (const auto i : {0, 1, 3}) {
        const auto& id = added.at(static_cast<std::size_t>(i)).id;
        EXPECT_FALSE(id.empty());
        EXPECT_EQ(id.find_first_not_of("0123456789"), id.npos) << id << " might be somebody's own";
        EXPECT_TRUE(added.at(static_cast<std::size_t>(i)).created());
        given.insert(id);
    }
    EXPECT_EQ(given.size(), 3u);
    EXPECT_EQ(info(added[1].id, "")->queue, "images");
    EXPECT_FALSE(info(added[1].id, "mail"));
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

TEST_P(QueueBackend, AddsAnIdAgainOnceItIsForgotten) {
    live_and_end("a", outcome::kind::completed, {.count = 0}, t0);
    EXPECT_TRUE(add({make_job("a")})[0].created());
}

TEST_P(QueueBackend, TakesNothingForNothing) {
    EXPECT_TRUE(add({}).empty());
    EXPECT_TRUE(loop.await(stored->finish({})).empty());
    EXPECT_TRUE(loop.await(stored->extend({}, t0)).empty());
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

// --- claim --------------------------------------------------------------------------------------------------------

TEST_P(QueueBackend, ServesFirstComeFirstServed) {
    add({make_job("a"), make_job("b")});
    add({make_job("c")});
    EXPECT_EQ(ids_of(claim()), (ids{"a", "b", "c"}));
}

TEST_P(QueueBackend, ServesSmallPrioritiesFirst) {
    add({make_job("5a", {.priority = 5}), make_job("1", {.priority = 1}), make_job("0"),
         make_job("5b", {.priority = 5})});
    EXPECT_EQ(ids_of(claim()), (ids{"0", "1", "5a", "5b"}));
}

TEST_P(QueueBackend, ServesLastInFirstOutBeforeTheRest) {
    add({make_job("a"), make_job("b"), make_job("x", {.lifo = true}), make_job("y", {.lifo = true})});
    EXPECT_EQ(ids_of(claim()), (ids{"y", "x", "a", "b"}));
}

TEST_P(QueueBackend, TakesNoMoreThanAsked) {
    add({make_job("a"), make_job("b"), make_job("c")});
    EXPECT_EQ(ids_of(claim(2)), (ids{"a", "b"}));
    EXPECT_EQ(ids_of(claim(2)), (ids{"c"}));
    EXPECT_EQ(ids_of(claim(2)), (ids{}));
}

TEST_P(QueueBackend, TakesOnlyFromTheQueuesNamed) {
    add({make_job("a", {}, "mail"), make_job("b", {}, "images"), make_job("c", {}, "video")});
    const auto taken = claim(10, t0, {"images", "video", "no such queue"});
    EXPECT_EQ(taken.jobs.size(), 2u);
    EXPECT_EQ(counts("mail").waiting, 1u);
}

TEST_P(QueueBackend, TakesQueuesInTurns) {
    for (int i = 0; i < 20; ++i)
        add({make_job("long" + std::to_string(i), {}, "long")});
    add({make_job("short", {}, "short")});
    std::size_t claims = 0;
    for (bool served = false; !served && claims < 3; ++claims)
        for (const auto& job : claim(1, t0, {"long", "short"}).jobs)
            served = served || job.held.job.queue == "short";
    EXPECT_LE(claims, 2u);
}

TEST_P(QueueBackend, TakesQueuesInTurnsWhoeverElseClaimsInBetween) {
    for (int i = 0; i < 20; ++i)
        add({make_job("l" + std::to_string(i), {}, "long"), make_job("x" + std::to_string(i), {}, "other x"),
             make_job("y" + std::to_string(i), {}, "other y")});
    add({make_job("short", {}, "short")});
    for (int i = 0; i < 3; ++i) {
        claim(1, t0, {"long", "short"});
        claim(1, t0, {"other x", "other y"});
    }
    EXPECT_EQ(counts("short").active, 1u);
}

TEST_P(QueueBackend, SharesOneClaimBetweenQueues) {
    for (int i = 0; i < 20; ++i)
        add({make_job("m" + std::to_string(i), {}, "mail"), make_job("i" + std::to_string(i), {}, "images")});
    EXPECT_EQ(claim(10, t0, {"mail", "images"}).jobs.size(), 10u);
    EXPECT_EQ(counts("mail").active, 5u);
    EXPECT_EQ(counts("images").active, 5u);
}

TEST_P(QueueBackend, HandsOutAllThatAHandlerNeeds) {
    const job_options options{
        .attempts = 3, .backoff = fixed(2s), .timeout = 4s, .priority = 9, .keep_completed = {.count = 5}};
    add({make_job("a", options)});
    const auto taken = claim();
    ASSERT_EQ(taken.jobs.size(), 1u);
    const auto& job = taken.jobs[0];
    EXPECT_EQ(job.held.job, (job_key{"mail", "a"}));
    EXPECT_GE(job.held.fence, 1u);
    EXPECT_EQ(job.name, "welcome");
    EXPECT_EQ(job.data, R"({"n":1})");
    EXPECT_EQ(job.options, options);
    EXPECT_EQ(job.attempts_made, 0);
    EXPECT_EQ(job.stalls, 0);
    EXPECT_EQ(info("a")->state, job_state::active);
    EXPECT_EQ(info("a")->started_at, t0);
}

TEST_P(QueueBackend, GivesAJobToOneOnly) {
    add({make_job("a")});
    EXPECT_EQ(ids_of(claim()), ids{"a"});
    EXPECT_EQ(ids_of(claim()), ids{});
}

// --- delays -------------------------------------------------------------------------------------------------------

TEST_P(QueueBackend, HoldsADelayedJobBackUntilItIsDue) {
    add({make_delayed("a", t0 + 5s)});
    const auto early = claim(1, t0 + 4999ms);
    EXPECT_EQ(ids_of(early), ids{});
    EXPECT_EQ(early.next_due, t0 + 5s);
    EXPECT_EQ(counts().delayed, 1u);
    EXPECT_EQ(ids_of(claim(1, t0 + 5s)), ids{"a"});
}

TEST_P(QueueBackend, RunsNothingAFractionOfAMillisecondEarly) {
    add({make_delayed("a", t0 + 1500us)});
    EXPECT_EQ(ids_of(claim(1, t0 + 1200us)), ids{});
    EXPECT_EQ(ids_of(claim(1, t0 + 2ms)), ids{"a"});
}

TEST_P(QueueBackend, PromotesAnyNumberOfJobsThatBecomeDueAtOnce) {
    std::vector<new_job> many;
    for (int i = 0; i < 5000; ++i)
        many.push_back(make_delayed("j" + std::to_string(i), t0 + 1s));
    add(std::move(many));
    std::set<job_id> taken;
    for (int i = 0; i < 100 && taken.size() < 5000; ++i)
        for (const auto& each : claim(1000, t0 + 1s).jobs)
            taken.insert(each.held.job.id);
    EXPECT_EQ(taken.size(), 5000u);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 5000}));
}

TEST_P(QueueBackend, KeepsADelayThatNeverEnds) {
    add({make_delayed("a", wall_time::max())});
    EXPECT_EQ(ids_of(claim(1, t0 + std::chrono::years(200))), ids{});
    EXPECT_EQ(counts().delayed, 1u);
}

TEST_P(QueueBackend, QueuesDelayedJobsBehindThoseThatWaitInTheOrderTheyAreDue) {
    add({make_delayed("late", t0 + 2s), make_delayed("soon", t0 + 1s), make_job("now")});
    EXPECT_EQ(ids_of(claim(10, t0 + 3s)), (ids{"now", "soon", "late"}));
}

TEST_P(QueueBackend, KnowsNoNextTimeWhenNothingIsDelayedOrHeld) {
    EXPECT_EQ(claim().next_due, std::nullopt);
    add({make_delayed("b", t0 + 2min), make_delayed("a", t0 + 1min)});
    EXPECT_EQ(claim().next_due, t0 + 1min);
}

TEST_P(QueueBackend, KnowsWhenALeaseEnds) {
    add({make_job("a")});
    EXPECT_EQ(claim(5).next_due, t0 + 10s);
}

// --- leases -------------------------------------------------------------------------------------------------------

TEST_P(QueueBackend, RescuesAJobWhoseLeaseRanOut) {
    add({make_job("a"), make_job("b")});
    const auto first = claim(1);
    EXPECT_EQ(ids_of(claim(5, t0 + 9999ms)), ids{"b"});
    const auto second = claim(1, t0 + 10s);
    ASSERT_EQ(ids_of(second), ids{"a"});
    EXPECT_EQ(second.rescued, (std::vector<job_key>{{"mail", "a"}}));
    EXPECT_EQ(second.jobs[0].stalls, 1);
    EXPECT_EQ(second.jobs[0].attempts_made, 0);
    EXPECT_GT(second.jobs[0].held.fence, first.jobs[0].held.fence);
}

TEST_P(QueueBackend, PutsARescuedJobInFront) {
    add({make_job("a")});
    claim(1);
    add({make_job("b"), make_job("c")});
    EXPECT_EQ(ids_of(claim(10, t0 + 10s)), (ids{"a", "b", "c"}));
}

TEST_P(QueueBackend, RescuesJobsOfQueuesItWasNotAskedFor) {
    add({make_job("a", {}, "images")});
    claim(1, t0, {"images"});
    EXPECT_EQ(claim(1, t0 + 10s, {"mail"}).rescued, (std::vector<job_key>{{"images", "a"}}));
    EXPECT_EQ(counts("images").waiting, 1u);
}

TEST_P(QueueBackend, SparesLeasesThatAreOverOnlyBecauseTheWallClockJumped) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    const auto after_jump = t0 + 1h;
    const claim_request lenient{
        .queues = {"mail"}, .max = 1, .worker = "w", .now = after_jump, .expired_before = t0 + 1s};
    EXPECT_EQ(ids_of(loop.await(stored->claim(lenient))), ids{});
    EXPECT_TRUE(extend(held, after_jump + 10s));
    EXPECT_EQ(ids_of(claim(1, after_jump + 9s)), ids{});
}

TEST_P(QueueBackend, RescuesAJobWhoseLeaseEndsLaterThanAnyLeaseMay) {
    add({make_job("a")});
    claim(1, t0 + std::chrono::years(1)); // by a clock that was then put right
    EXPECT_EQ(ids_of(claim(1, t0)), ids{"a"});
}

TEST_P(QueueBackend, ExtendsALease) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(extend(held, t0 + 20s));
    EXPECT_EQ(ids_of(claim(1, t0 + 19s)), ids{});
    EXPECT_EQ(ids_of(claim(1, t0 + 20s)), ids{"a"});
}

TEST_P(QueueBackend, ExtendsALeaseThatRanOutWhileNobodyTookTheJob) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(extend(held, t0 + 30s));
    EXPECT_TRUE(finish({.held = held, .at = t0 + 25s}));
}

TEST_P(QueueBackend, RefusesToExtendALostLease) {
    add({make_job("a"), make_job("b")});
    const auto taken = claim(2);
    const auto again = claim(1, t0 + 10s);
    const auto held = loop.await(stored->extend({taken.jobs[0].held, again.jobs.at(0).held}, t0 + 60s));
    EXPECT_EQ(held, (std::vector<renewal>{renewal::lost, renewal::held}));
}

TEST_P(QueueBackend, RefusesTheOutcomeOfALostLease) {
    add({make_job("a")});
    const auto stale = claim(1).jobs.at(0).held;
    const auto fresh = claim(1, t0 + 10s).jobs.at(0).held;
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::completed, .result = R"("stale")", .at = t0}));
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::completed, .at = t0, .keep = {.count = 0}}));
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::retry, .at = t0}));
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::failed, .at = t0}));
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::returned, .at = t0}));
    EXPECT_EQ(info("a")->state, job_state::active);
    EXPECT_TRUE(finish({.held = fresh, .as = outcome::kind::completed, .result = R"("fresh")", .at = t0}));
    EXPECT_EQ(info("a")->result, R"("fresh")");
}

TEST_P(QueueBackend, EndsALeaseOnce) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .at = t0}));
    EXPECT_FALSE(finish({.held = held, .at = t0}));
    EXPECT_FALSE(extend(held, t0 + 1min));
}

TEST_P(QueueBackend, KnowsNoLeaseItDidNotGive) {
    add({make_job("a")});
    claim(1);
    for (const auto* token : {"", ":", "1", "1:", ":1", "a:b", "1:1x", "99999999999999999999:1", "-1:1"}) {
        EXPECT_FALSE(finish({.held = {.job = {"mail", "a"}, .fence = 1, .token = token}, .at = t0})) << token;
        EXPECT_FALSE(extend({.job = {"mail", "a"}, .fence = 1, .token = token}, t0)) << token;
    }
    EXPECT_EQ(info("a")->state, job_state::active);
}

TEST_P(QueueBackend, TellsWhoRunsAJob) {
    add({make_job("a"), make_job("b")});
    const auto taken =
        loop.await(stored->claim({.queues = {"mail"}, .max = 1, .worker = "mill:1:ab", .lease = 10s, .now = t0}));
    loop.await(
        stored->claim({.queues = {"mail"}, .max = 1, .worker = std::string(5000, 'x'), .lease = 10s, .now = t0}));
    EXPECT_EQ(info("a")->worker, "mill:1:ab");
    EXPECT_EQ(info("b")->worker, std::string(max_worker_bytes, 'x'));
    EXPECT_TRUE(finish({.held = taken.jobs.at(0).held, .as = outcome::kind::completed, .at = t0}));
    EXPECT_EQ(info("a")->worker, "");
    EXPECT_EQ(ids_of(claim(1, t0 + 10s)), ids{"b"}) << "its first worker vanished";
    EXPECT_NE(info("b")->worker, std::string(max_worker_bytes, 'x'));
}

// --- finish -------------------------------------------------------------------------------------------------------

TEST_P(QueueBackend, RecordsCompletion) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::completed, .result = R"({"sent":true})", .at = t0 + 1s}));
    const auto done = info("a");
    EXPECT_EQ(done->state, job_state::completed);
    EXPECT_EQ(done->result, R"({"sent":true})");
    EXPECT_EQ(done->attempts_made, 1);
    EXPECT_EQ(done->finished_at, t0 + 1s);
    EXPECT_EQ(ids_of(claim(1, t0 + 1h)), ids{});
}

TEST_P(QueueBackend, RecordsFailure) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::failed, .reason = "no such mailbox", .at = t0 + 1s}));
    const auto done = info("a");
    EXPECT_EQ(done->state, job_state::failed);
    EXPECT_EQ(done->failed_reason, "no such mailbox");
    EXPECT_EQ(done->attempts_made, 1);
    EXPECT_EQ(done->finished_at, t0 + 1s);
}

TEST_P(QueueBackend, RetriesAtOnceBehindThoseThatWait) {
    add({make_job("a"), make_job("b")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::retry, .reason = "busy", .at = t0}));
    EXPECT_EQ(info("a")->state, job_state::waiting);
    EXPECT_EQ(info("a")->attempts_made, 1);
    EXPECT_EQ(info("a")->failed_reason, "busy");
    const auto again = claim();
    EXPECT_EQ(ids_of(again), (ids{"b", "a"}));
    EXPECT_EQ(again.jobs[1].attempts_made, 1);
}

TEST_P(QueueBackend, RetriesALifoJobInFront) {
    add({make_job("a", {.lifo = true})});
    const auto held = claim(1).jobs.at(0).held;
    add({make_job("b")});
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::retry, .at = t0}));
    EXPECT_EQ(ids_of(claim()), (ids{"a", "b"}));
}

TEST_P(QueueBackend, RetriesLater) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::retry, .reason = "busy", .at = t0, .run_at = t0 + 8s}));
    EXPECT_EQ(info("a")->state, job_state::delayed);
    EXPECT_EQ(info("a")->run_at, t0 + 8s);
    EXPECT_EQ(claim(1, t0 + 7s).next_due, t0 + 8s);
    EXPECT_EQ(ids_of(claim(1, t0 + 8s)), ids{"a"});
    EXPECT_EQ(info("a")->run_at, std::nullopt);
}

TEST_P(QueueBackend, PutsAReturnedJobInFrontWithoutCountingAnAttempt) {
    add({make_job("a"), make_job("b")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::returned, .at = t0}));
    EXPECT_EQ(info("a")->attempts_made, 0);
    const auto again = claim();
    EXPECT_EQ(ids_of(again), (ids{"a", "b"}));
    EXPECT_EQ(again.jobs[0].attempts_made, 0);
    EXPECT_GT(again.jobs[0].held.fence, held.fence);
}

TEST_P(QueueBackend, ReturnsAJobForLater) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::returned, .at = t0, .run_at = t0 + 10s}));
    EXPECT_EQ(ids_of(claim(1, t0 + 9s)), ids{});
    EXPECT_EQ(ids_of(claim(1, t0 + 10s)), ids{"a"});
    EXPECT_EQ(info("a")->attempts_made, 0);
}

TEST_P(QueueBackend, KeepsTheLastFailureOfAJobThatCompletedInTheEnd) {
    add({make_job("a")});
    finish({.held = claim(1).jobs.at(0).held, .as = outcome::kind::retry, .reason = "busy", .at = t0});
    finish({.held = claim(1).jobs.at(0).held, .as = outcome::kind::completed, .at = t0});
    EXPECT_EQ(info("a")->state, job_state::completed);
    EXPECT_EQ(info("a")->failed_reason, "busy");
    EXPECT_EQ(info("a")->attempts_made, 2);
}

TEST_P(QueueBackend, RecordsManyOutcomesEachByItself) {
    add({make_job("a"), make_job("b"), make_job("c")});
    const auto taken = claim();
    auto forged = taken.jobs[1].held;
    forged.token = "12345:1";
    const auto done = loop.await(stored->finish({{.held = taken.jobs[0].held, .at = t0},
                                                 {.held = forged, .at = t0},
                                                 {.held = taken.jobs[2].held, .as = outcome::kind::failed, .at = t0}}));
    EXPECT_EQ(done, (std::vector<bool>{true, false, true}));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 1, .completed = 1, .failed = 1}));
}

// --- what stays of finished jobs ----------------------------------------------------------------------------------

TEST_P(QueueBackend, ForgetsFinishedJobsBeyondTheCount) {
    for (const auto* id : {"a", "b", "c"})
        live_and_end(id, outcome::kind::completed, {.count = 2}, t0 + 1s);
    EXPECT_FALSE(info("a"));
    EXPECT_TRUE(info("b"));
    EXPECT_TRUE(info("c"));
    EXPECT_EQ(counts().completed, 2u);
}

TEST_P(QueueBackend, ForgetsFinishedJobsBeyondTheAge) {
    live_and_end("a", outcome::kind::failed, {.age = 60s}, t0);
    live_and_end("b", outcome::kind::failed, {.age = 60s}, t0 + 60s);
    EXPECT_TRUE(info("a"));
    live_and_end("c", outcome::kind::failed, {.age = 60s}, t0 + 61s);
    EXPECT_FALSE(info("a"));
    EXPECT_EQ(counts().failed, 2u);
}

TEST_P(QueueBackend, ForgetsAtOnceWhatIsNotToBeKept) {
    live_and_end("a", outcome::kind::completed, {.count = 0}, t0);
    live_and_end("b", outcome::kind::failed, {.count = 0}, t0);
    EXPECT_FALSE(info("a"));
    EXPECT_FALSE(info("b"));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail"}));
}

TEST_P(QueueBackend, KeepsTheHistoriesOfQueuesAndOutcomesApart) {
    add({make_job("other", {}, "images")});
    finish({.held = claim(1, t0, {"images"}).jobs.at(0).held, .at = t0, .keep = {.count = 1}});
    live_and_end("a", outcome::kind::failed, {.count = 1}, t0);
    live_and_end("b", outcome::kind::completed, {.count = 1}, t0);
    live_and_end("c", outcome::kind::completed, {.count = 1}, t0);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .completed = 1, .failed = 1}));
    EXPECT_EQ(counts("images").completed, 1u);
}

TEST_P(QueueBackend, PrunesByAgeAndCountWithoutAnyoneFinishing) {
    for (int i = 0; i < 4; ++i)
        live_and_end("c" + std::to_string(i), outcome::kind::completed, {}, t0 + std::chrono::seconds(i));
    live_and_end("f", outcome::kind::failed, {}, t0);
    const auto gone = loop.await(
        stored->prune({{.queue = "mail", .completed = {.count = 3, .age = 8s}, .failed = {.age = 1h}, .now = t0 + 10s},
                       {.queue = "no such queue", .completed = {.count = 0}, .now = t0}}));
    EXPECT_EQ(gone, 2u);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .completed = 2, .failed = 1}));
    EXPECT_FALSE(info("c0"));
    EXPECT_FALSE(info("c1"));
}

// --- counts -------------------------------------------------------------------------------------------------------

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

// --- waiting for work ---------------------------------------------------------------------------------------------

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
    claim(1, t0 + 1s, {"other"});
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
        const auto other = loop.start(stored->claim({.queues = {"other"}, .now = t0 + 1s}));
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

// --- stopping -----------------------------------------------------------------------------------------------------

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
