#include "support.hpp"

// Backends that go without giving back what they have leased, as a process does that is killed. Leases are of an hour on a
// clock that stands.

namespace infra::queue::tests {
namespace {

class SqliteDead : public ::testing::Test {
protected:
    ~SqliteDead() override { expect_sound(file); }

    std::shared_ptr<backend> open(std::chrono::milliseconds look_for_dead = 1ms) {
        return make_sqlite_backend(
            {.file = file, .durability = durability::normal, .poll = 1ms, .look_for_dead = look_for_dead});
    }
    claim_request request(std::size_t max = 10) const {
        return {.queues = {"mail"}, .max = max, .worker = "w", .lease = 1h, .now = t0};
    }
    claim_result claim(backend& by, std::size_t max = 10) { return loop.await(by.claim(request(max))); }
    std::optional<job_info> info(const job_id& id) { return loop.await(judge->get({{"mail", id}})).at(0); }

    test_loop loop;
    manual_clock time;
    temporary_folder folder;
    const std::filesystem::path file = folder / "queue.db";
    std::shared_ptr<backend> judge = open();
};

TEST_F(SqliteDead, GiveTheirJobsToTheNextClaimInFront) {
    auto victim = open();
    loop.await(victim->enqueue({make_job("a"), make_job("b"), make_job("c")}));
    const auto taken = claim(*victim, 2);
    ASSERT_EQ(ids_of(taken), (ids{"a", "b"}));
    victim.reset();
    const auto next = claim(*judge);
    EXPECT_EQ(next.rescued.size(), 2u);
    EXPECT_EQ(std::set<job_id>({ids_of(next).at(0), ids_of(next).at(1)}), (std::set<job_id>{"a", "b"}));
    EXPECT_EQ(ids_of(next).at(2), "c");
    EXPECT_EQ(info("a")->stalls, 1);
    EXPECT_EQ(info("a")->attempts_made, 0);
    EXPECT_GT(info("a")->fence, taken.jobs[0].held.fence);
    EXPECT_EQ(loop.await(judge->finish({{.held = taken.jobs[0].held, .at = t0}})), std::vector<bool>{false});
}

TEST_F(SqliteDead, AreNoticedByAClaimThatWaits) {
    auto victim = open();
    loop.await(victim->enqueue({make_job("a")}));
    ASSERT_EQ(claim(*victim).jobs.size(), 1u);
    auto waiting = request();
    waiting.wait = true;
    waiting.time = &time;
    waiting.due = t0 + 1h;
    time.set_wall(t0);
    const auto claiming = loop.start(judge->claim(waiting));
    loop.await(judge->counts({}));
    loop.settle();
    ASSERT_FALSE(claiming->ended) << "who lives keeps its job";
    victim.reset();
    ASSERT_TRUE(loop.until([&] { return claiming->ended; }));
    EXPECT_EQ(ids_of(*claiming->value), ids{"a"});
}

TEST_F(SqliteDead, DoNotGiveBackWhatSomebodyCancelled) {
    auto victim = open();
    loop.await(victim->enqueue({make_job("a")}));
    ASSERT_EQ(claim(*victim).jobs.size(), 1u);
    loop.await(judge->change({.what = job_change::cancel, .jobs = {{"mail", "a"}}, .now = t0}));
    victim.reset();
    EXPECT_TRUE(claim(*judge).jobs.empty());
    EXPECT_EQ(info("a")->state, job_state::failed);
}

TEST_F(SqliteDead, AreNotThoseWhoLive) {
    auto other = open();
    loop.await(other->enqueue({make_job("a")}));
    const auto taken = claim(*other);
    EXPECT_TRUE(claim(*judge).rescued.empty());
    EXPECT_TRUE(claim(*open()).rescued.empty());
    EXPECT_EQ(loop.await(other->finish({{.held = taken.jobs.at(0).held, .at = t0}})), std::vector<bool>{true});
}

TEST_F(SqliteDead, AreNotThoseWhoseFileOfLocksWasRemoved) {
    auto other = open();
    loop.await(other->enqueue({make_job("a"), make_job("b")}));
    ASSERT_EQ(claim(*other, 1).jobs.size(), 1u);
    std::filesystem::remove(file.string() + "-workers");
    const auto late = open();
    EXPECT_EQ(ids_of(claim(*late)), ids{"b"}); // and so makes the file anew
    EXPECT_TRUE(claim(*open()).rescued.empty());
    other.reset();
    EXPECT_TRUE(claim(*late).rescued.empty()) << "nobody can tell: the lease decides";
}

TEST_F(SqliteDead, AreLeftToTheirLeasesIfThatIsAskedFor) {
    auto victim = open();
    loop.await(victim->enqueue({make_job("a")}));
    ASSERT_EQ(claim(*victim).jobs.size(), 1u);
    victim.reset();
    EXPECT_TRUE(claim(*open(0ms)).rescued.empty());
    EXPECT_EQ(claim(*judge).rescued.size(), 1u);
}

TEST_F(SqliteDead, AreForgottenOnceTheirJobsAreRescued) {
    for (int i = 0; i < 5; ++i) {
        auto victim = open();
        loop.await(victim->enqueue({make_job("")}));
        claim(*victim);
    }
    claim(*judge);
    loop.await(judge->enqueue({make_job("")}));
    ASSERT_EQ(claim(*judge).jobs.size(), 1u);
    EXPECT_EQ(ask(file, "SELECT count(*) FROM infra_workers"), "2") << "of the one who lives, and of its worker";
}

} // namespace
} // namespace infra::queue::tests
