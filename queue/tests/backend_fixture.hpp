#pragma once

// What every backend of the queue must do is one GoogleTest suite, in the headers named …_conformance.hpp. A backend
// contributes how to make itself:
//
//     INSTANTIATE_TEST_SUITE_P(Sqlite, QueueBackend, testing::Values(backend_case{"Sqlite", make_sqlite_subject}),
//                              backend_case_name);

#include "support.hpp"

namespace infra::queue::tests {

/// What a storage that many programs share, with a clock of its own, cannot give; where a trait is false, the tests ask for what
/// it still must give.
struct backend_traits {
    /// Leases and the windows of limits end by the callers' clock, also when that is put back. False: the storage's own clock
    /// ends them, whatever its callers' say.
    bool goes_by_callers_clock = true;
    /// A claim rescues and promotes jobs of queues it does not name. False: each queue's keys are by themselves, and a claim
    /// looks into those that it names.
    bool rescues_every_queue = true;
    /// No two jobs of the storage get the same id. False: each queue counts by itself, as other programs have it.
    bool numbers_all_jobs = true;
    /// Lists are in the order of addition whatever the states and queues. False: each state of each queue is a list of its
    /// own, in the order in which it is served or was filled.
    bool lists_in_order_of_addition = true;
    /// Children are listed in the order of addition. False: they are kept in sets.
    bool orders_children = true;
    /// Events are recorded only while somebody follows the queue. False: always, since others may follow it unseen.
    bool records_for_followers_only = true;
};

struct backend_subject {
    /// What all the rest lives in, a loop or a folder: the first to come, so the last to go.
    std::shared_ptr<void> surroundings = nullptr;
    std::shared_ptr<backend> stored{};
    /// The same storage as another process would open it.
    std::function<std::shared_ptr<backend>()> open_again{};
    /// Looks, after each test, whether the storage agrees with itself.
    std::function<void()> check = [] {};
    backend_traits traits{};
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

    /// Puts in line what is due, and takes none of it.
    claim_request claim_of_nothing(wall_time now) const {
        if (subject.traits.rescues_every_queue)
            return {.queues = {"other"}, .now = now};
        return {.queues = {"mail"}, .max = 0, .now = now};
    }
    void promote_without_taking(wall_time now) { loop.await(stored->claim(claim_of_nothing(now))); }

    bool extend(const lease& held, std::chrono::milliseconds length, wall_time now = t0) {
        return loop.await(stored->extend({held}, length, now)).at(0) == renewal::held;
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

} // namespace infra::queue::tests
