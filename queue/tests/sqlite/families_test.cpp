// What one transaction does for families is bounded, however deep or large they are; the rest is gone on with.

#include "support.hpp"

namespace infra::queue::tests {
namespace {

class SqliteFamilies : public ::testing::Test {
protected:
    ~SqliteFamilies() override {
        loop.code_of(stored->stop(deadline::after(30s)));
        expect_sound(options.file);
    }

    static new_job child_of_place(job_id id, std::size_t place, std::string queue = "mail") {
        auto job = make_job(std::move(id), {}, std::move(queue));
        job.parent = child_of{.place = place};
        return job;
    }
    /// Each waits for the next; the last one may run.
    static std::vector<new_job> chain(std::size_t length) {
        std::vector<new_job> all{make_job("0")};
        for (std::size_t i = 1; i < length; ++i)
            all.push_back(child_of_place(std::to_string(i), i - 1));
        return all;
    }

    claim_result claim(const std::string& queue = "mail", std::size_t max = 1) {
        return loop.await(stored->claim({.queues = {queue}, .max = max, .worker = "w", .now = t0}));
    }
    void end(const claimed_job& job, outcome::kind how) {
        loop.await(stored->finish({{.held = job.held, .as = how, .reason = "bad", .at = t0, .keep = {}}}));
    }
    void clear() {
        change_request all{.what = job_change::remove, .filter = {.queue = "mail"}, .now = t0};
        do
            all.cursor = loop.await(stored->change(all)).next;
        while (!all.cursor.empty());
    }
    queue_counts counts() { return loop.await(stored->counts({"mail"})).at(0); }
    std::size_t rows() const { return std::stoul(ask(options.file, "SELECT count(*) FROM infra_children")); }

    temporary_folder folder;
    sqlite_options options{.file = folder / "queue.db", .durability = durability::normal};
    test_loop loop;
    std::shared_ptr<backend> stored = make_sqlite_backend(options);
};

TEST_F(SqliteFamilies, ALongChainFailsBitByBit) {
    loop.await(stored->enqueue(chain(2500)));
    end(claim().jobs.at(0), outcome::kind::failed);
    const auto at_first = counts().failed;
    EXPECT_GE(at_first, 500u);
    EXPECT_LE(at_first, 1001u);
    loop.await(stored->stop(deadline::after(30s)));
    stored = make_sqlite_backend(options); // whoever comes goes on
    EXPECT_TRUE(claim().jobs.empty());
    EXPECT_LE(counts().failed, at_first + 1001u);
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(claim().jobs.empty());
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .failed = 2500}));
}

TEST_F(SqliteFamilies, ClaimsAreAskedForAtOnceWhileSomeAreToFail) {
    loop.await(stored->enqueue(chain(2500)));
    const auto first = claim().jobs.at(0);
    auto waits = loop.start(stored->claim(
        {.queues = {"mail"}, .max = 1, .worker = "w", .now = t0, .wait = true, .due = t0 + 10s})); // the lease's end
    loop.settle();
    end(first, outcome::kind::failed);
    loop.until([&] { return waits->ended; });
    EXPECT_EQ(waits->value.value().next_due, t0);
    EXPECT_EQ(claim().next_due, t0);
    EXPECT_EQ(claim().next_due, std::nullopt);
    EXPECT_EQ(counts().failed, 2500u);
}

TEST_F(SqliteFamilies, WhoIsToFailDoesThoughAnotherTransactionWasUndone) {
    loop.await(stored->enqueue(chain(1100)));
    auto other = make_job("d", {}, "other");
    other.deduplicate = deduplication{.id = "d", .ttl = 1ms};
    loop.await(stored->enqueue({other}));
    end(claim().jobs.at(0), outcome::kind::failed);
    ask(options.file, "CREATE TRIGGER no BEFORE DELETE ON infra_deduplications BEGIN SELECT raise(ABORT, 'no'); END");
    EXPECT_TRUE(loop.code_of(stored->prune({{.queue = "mail", .now = t0 + 1h}})));
    claim();
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .failed = 1100}));
}

TEST_F(SqliteFamilies, WhoIsToFailIsNotReleasedMeanwhile) {
    auto family = chain(1500);
    for (std::size_t i = 0; i + 1 < 1500; ++i) // each waits for another one as well
        family.push_back(child_of_place("", i, "side"));
    loop.await(stored->enqueue(std::move(family)));
    const auto others = claim("side", 1499);
    end(claim().jobs.at(0), outcome::kind::failed);
    EXPECT_GT(counts().waiting_children, 0u);
    std::vector<outcome> outcomes;
    for (const auto& each : others.jobs)
        outcomes.push_back({.held = each.held, .at = t0, .keep = {}});
    loop.await(stored->finish(std::move(outcomes)));
    EXPECT_EQ(counts().waiting, 0u);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(claim().jobs.empty());
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .failed = 1500}));
}

TEST_F(SqliteFamilies, WhoIsToFailMayBeCancelledRemovedOrRetriedBefore) {
    for (const auto what : {job_change::cancel, job_change::remove}) {
        loop.await(stored->enqueue(chain(1100)));
        end(claim().jobs.at(0), outcome::kind::failed);
        const auto put_off =
            ask(options.file, "SELECT j.id FROM infra_families f JOIN infra_jobs j USING (seq) WHERE fails = 1");
        loop.await(stored->change({.what = what, .jobs = {{"mail", put_off}}, .now = t0}));
        loop.await(stored->change({.what = job_change::retry, .jobs = {{"mail", put_off}}, .now = t0}));
        // Cancelled it is over, and what failed it is forgiven as it is retried; removed, the one above goes on without it.
        const auto next = what == job_change::cancel ? put_off : std::to_string(std::stoi(put_off) - 1);
        const auto taken = claim();
        ASSERT_EQ(ids_of(taken), ids{next});
        end(taken.jobs.at(0), outcome::kind::failed);
        claim();
        clear();
        EXPECT_EQ(counts(), (queue_counts{.queue = "mail"})) << to_string(what);
    }
}

TEST_F(SqliteFamilies, RowsOfManyChildrenAreForgottenBitByBit) {
    for (int i = 0; i < 3; ++i) {
        std::vector<new_job> family{make_job("p" + std::to_string(i))};
        for (int n = 0; n < 6000; ++n)
            family.push_back(child_of_place("", 0, "side"));
        loop.await(stored->enqueue(std::move(family)));
    }
    clear();
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail"}));
    EXPECT_GE(rows(), 7000u);
    loop.await(stored->enqueue({make_job("p0"), child_of_place("c", 0, "side")})); // nothing of it is in the way
    claim("elsewhere");
    EXPECT_LE(rows(), 1u);
    EXPECT_EQ(loop.await(stored->children({.parent = {"mail", "p0"}})).children.size(), 1u);
}

TEST_F(SqliteFamilies, RowsOfManySmallFamiliesGoAtOnce) {
    std::vector<new_job> all;
    for (int i = 0; i < 1000; ++i) {
        all.push_back(make_job("p" + std::to_string(i)));
        const auto place = all.size() - 1;
        for (int n = 0; n < 12; ++n)
            all.push_back(child_of_place("", place, "side"));
    }
    loop.await(stored->enqueue(std::move(all)));
    clear();
    EXPECT_EQ(rows(), 0u);
}

} // namespace
} // namespace infra::queue::tests
