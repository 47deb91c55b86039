#include "src/sqlite/history.hpp"
#include "src/sqlite/store.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

class SqliteHistory : public ::testing::Test {
protected:
    SqliteHistory() { s.begin(sqlite::access::write); }

    std::int64_t saved() {
        const auto before = total();
        tally.save(s.db);
        return total() - before;
    }
    std::int64_t total() {
        sqlite::query q(s.db, "SELECT total_changes()");
        q.step();
        return q.integer(0);
    }
    std::string minutes() {
        sqlite::query q(s.db, "SELECT group_concat(queue || ': ' || completed || '+' || failed, ', ') FROM "
                              "(SELECT * FROM infra_minutes ORDER BY queue, minute)");
        q.step();
        return q.text(0);
    }

    temporary_folder folder;
    sqlite_options options{.file = folder / "queue.db"};
    std::atomic<bool> give_up{false};
    sqlite::presence alive{options.file};
    sqlite::store s{options, give_up, alive};
    sqlite::minute_tally tally;
};

TEST_F(SqliteHistory, WritesOneRowForEachQueueAndMinute) {
    for (int i = 0; i < 100; ++i) {
        tally.add(1, job_state::completed, t0 + std::chrono::seconds(i % 60));
        tally.add(2, job_state::failed, t0);
    }
    tally.add(1, job_state::completed, t0 + 1min);
    EXPECT_EQ(saved(), 3);
    EXPECT_EQ(minutes(), "1: 100+0, 1: 1+0, 2: 0+100");
    EXPECT_EQ(saved(), 0);
}

TEST_F(SqliteHistory, AddsToWhatIsThere) {
    tally.add(1, job_state::completed, t0);
    saved();
    tally.add(1, job_state::failed, t0 + 59s);
    saved();
    EXPECT_EQ(minutes(), "1: 1+1");
}

TEST_F(SqliteHistory, ForgetsWhatWasUndone) {
    tally.add(1, job_state::completed, t0);
    tally.clear();
    EXPECT_EQ(saved(), 0);
}

} // namespace
} // namespace infra::queue::tests
