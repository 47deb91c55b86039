#include "src/sqlite/job_ends.hpp"
#include "src/sqlite/schema.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

using sqlite::database;
using sqlite::job_end;
using sqlite::job_ends;

class JobEnds : public ::testing::Test {
protected:
    JobEnds() { sqlite::prepare_schema(db); }

    static job_end end(std::int64_t seq, std::int64_t marks = 0) {
        return {.seq = seq, .number = 10 * seq, .fence = 3, .started_at = 4, .finished_at = 5, .marks = marks};
    }
    std::string blocks() { return ask(folder / "queue.db", "SELECT count(*) FROM infra_ends"); }

    temporary_folder folder;
    database db{folder / "queue.db"};
    job_ends ends;
};

TEST_F(JobEnds, AreFoundByNumber) {
    ends.add(db, end(70, job_end::failed | job_end::counts));
    EXPECT_FALSE(ends.find(db, 71));
    const auto* found = ends.find(db, 70);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->state(), job_state::failed);
    EXPECT_EQ(found->attempts(), 1);
    EXPECT_EQ(found->number, 700);
}

TEST_F(JobEnds, AreReadAsTheyWereSaved) {
    for (std::int64_t seq = 1; seq <= 300; ++seq)
        ends.add(db, end(seq));
    ends.remove(db, 130);
    ends.save(db);
    EXPECT_EQ(blocks(), "5");
    job_ends read;
    EXPECT_EQ(read.find(db, 300)->finished_at, 5);
    EXPECT_EQ(read.find(db, 64)->state(), job_state::completed);
    EXPECT_FALSE(read.find(db, 130));
    EXPECT_FALSE(read.find(db, 301));
    EXPECT_FALSE(read.find(db, 100'000));
}

TEST_F(JobEnds, LeaveNoEmptyBlock) {
    ends.add(db, end(1));
    ends.remove(db, 1);
    ends.save(db);
    EXPECT_EQ(blocks(), "0");
    ends.add(db, end(1));
    ends.save(db);
    EXPECT_EQ(blocks(), "1");
    ends.remove(db, 1);
    ends.remove(db, 2);
    ends.save(db);
    EXPECT_EQ(blocks(), "0");
}

TEST_F(JobEnds, ThatWereNotSavedAreForgotten) {
    ends.add(db, end(1));
    ends.save(db);
    ends.add(db, end(2));
    ends.remove(db, 1);
    ends.forget();
    EXPECT_TRUE(ends.find(db, 1));
    EXPECT_FALSE(ends.find(db, 2));
    ends.save(db);
    EXPECT_EQ(blocks(), "1");
}

// Those that are far apart have a block each, of which few stay in memory.
TEST_F(JobEnds, MayLieFarApart) {
    for (std::int64_t seq = 0; seq < 1000; ++seq) {
        ends.add(db, end(1000 * seq));
        ends.save(db);
    }
    for (std::int64_t seq = 0; seq < 1000; ++seq)
        ASSERT_TRUE(ends.find(db, 1000 * seq)) << seq;
    EXPECT_EQ(blocks(), "1000");
    EXPECT_LE(ends.blocks_in_memory(), 256u);
}

TEST_F(JobEnds, ThatAreMalformedAreReportedAsDamaged) {
    ends.add(db, end(1));
    ends.save(db);
    ends.forget();
    ask(folder / "queue.db", "UPDATE infra_ends SET jobs = x'0102'");
    EXPECT_EQ(code_thrown_by([&] { ends.find(db, 1); }), errc::corrupt);
}

} // namespace
} // namespace infra::queue::tests
