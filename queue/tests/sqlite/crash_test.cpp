#include "child.hpp"

#include <set>

// Processes that share a file and are killed at random moments: what was acknowledged is done, at least once, and the
// file stays sound.

namespace infra::queue::tests {
namespace {

int rounds() { return is_long() ? 200 : 8; }

class SqliteCrash : public ::testing::Test {
protected:
    std::size_t acknowledged() const { return lines_of(folder / "acknowledged").size(); }

    void wait_for_progress(std::size_t more) const {
        const auto enough = acknowledged() + more;
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (acknowledged() < enough) {
            ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "the child does nothing";
            std::this_thread::sleep_for(1ms);
        }
    }

    // A moment that no test chose.
    static void wait_for_chance() { std::this_thread::sleep_for(std::chrono::microseconds(random_u64() % 20'000)); }

    void expect_all_done() {
        child last(folder / "queue.db", folder.path(), "drain");
        EXPECT_EQ(last.wait(), 0);
        const auto done_lines = lines_of(folder / "done");
        const std::set<std::string> done(done_lines.begin(), done_lines.end());
        std::size_t lost = 0;
        for (const auto& id : lines_of(folder / "acknowledged"))
            lost += !done.contains(id);
        EXPECT_EQ(lost, 0u) << "jobs were acknowledged and never done";
        expect_sound(folder / "queue.db");
        EXPECT_EQ(ask(folder / "queue.db", "SELECT sum(waiting + delayed + active + failed) FROM infra_queues"), "0");
        EXPECT_EQ(ask(folder / "queue.db", "SELECT count(*) FROM infra_jobs"), std::to_string(done.size()))
            << "what was done and what is recorded as done differ";
    }

    temporary_folder folder;
};

TEST_F(SqliteCrash, LosesNothingThatWasAcknowledgedWhenKilledAtAnyMoment) {
    for (int round = 0; round < rounds(); ++round) {
        child victim(folder / "queue.db", folder.path(), "work");
        wait_for_progress(20);
        wait_for_chance();
        victim.kill();
    }
    expect_all_done();
}

TEST_F(SqliteCrash, LosesNothingWhileProcessesShareTheFileAndOneIsKilled) {
    for (int round = 0; round < rounds() / 2; ++round) {
        child survivor(folder / "queue.db", folder.path(), "work");
        child victim(folder / "queue.db", folder.path(), "work");
        wait_for_progress(40);
        wait_for_chance();
        victim.kill();
        wait_for_progress(20);
        survivor.kill();
    }
    expect_all_done();
}

} // namespace
} // namespace infra::queue::tests
