#include "src/sqlite/leases.hpp"
#include "src/sqlite/schema.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

using sqlite::database;
using sqlite::lease_book;
using sqlite::lease_row;

class LeaseBook : public ::testing::Test {
protected:
    LeaseBook() { sqlite::prepare_schema(db); }

    static lease_row held(std::int64_t seq, std::int64_t until = 100) {
        return {.seq = seq, .queue = 1, .fence = 1000 + seq, .until = until, .started_at = 5};
    }
    void add(std::int64_t first, std::int64_t last, std::string_view worker = "me") {
        for (auto seq = first; seq <= last; ++seq)
            leases.add(held(seq), worker);
    }
    lease_book read_again() {
        leases.save(db);
        lease_book read;
        read.load(db);
        return read;
    }
    std::string blocks() { return ask(folder / "queue.db", "SELECT count(*) FROM infra_active"); }

    temporary_folder folder;
    database db{folder / "queue.db"};
    lease_book leases;
};

TEST_F(LeaseBook, FindsAJobByItsNumberAndFence) {
    leases.add(held(1), "me");
    EXPECT_EQ(leases.find(1)->fence, 1001);
    EXPECT_TRUE(leases.find(1, 1001));
    EXPECT_FALSE(leases.find(1, 1002));
    EXPECT_FALSE(leases.find(2));
    leases.remove(1);
    EXPECT_FALSE(leases.find(1));
    EXPECT_EQ(leases.size(), 0u);
}

TEST_F(LeaseBook, IsReadAsItWasSaved) {
    add(1, 200);
    leases.extend(7, 500);
    leases.mark(9, lease_row::cancelled);
    leases.remove(11);
    const auto read = read_again();
    EXPECT_EQ(read.size(), 199u);
    EXPECT_EQ(read.find(7)->until, 500);
    EXPECT_TRUE(read.find(9)->has(lease_row::cancelled));
    EXPECT_FALSE(read.find(9)->has(lease_row::deduplicated));
    EXPECT_FALSE(read.find(11));
    EXPECT_EQ(read.find(200)->started_at, 5);
    EXPECT_EQ(read.bounds().first, 100);
    EXPECT_EQ(read.bounds().last, 500);
}

TEST_F(LeaseBook, KeepsTheJobsOfAWorkerInFewBlocks) {
    add(1, 64);
    leases.save(db);
    EXPECT_EQ(blocks(), "1");
    for (std::int64_t seq = 1; seq <= 1000; ++seq) { // one ends, another begins
        leases.remove(seq);
        leases.add(held(64 + seq), "me");
        leases.save(db);
    }
    EXPECT_LE(std::stoi(blocks()), 3);
    EXPECT_EQ(read_again().size(), 64u);
}

TEST_F(LeaseBook, LeavesNoEmptyBlock) {
    add(1, 130);
    leases.save(db);
    for (std::int64_t seq = 1; seq <= 130; ++seq)
        leases.remove(seq);
    leases.save(db);
    EXPECT_EQ(blocks(), "0");
    add(1, 1);
    EXPECT_EQ(read_again().size(), 1u);
}

TEST_F(LeaseBook, TellsProcessesAndTheirWorkersApart) {
    add(1, 10, lease_book::lessee("#1", "one"));
    add(11, 15, lease_book::lessee("#12", "two"));
    add(16, 17, lease_book::lessee("#1", "three of them"));
    add(18, 18, lease_book::lessee("", "four")); // a process that no lock was to be had for
    add(19, 19, "#1");                           // as older versions wrote it
    const auto read = read_again();
    EXPECT_EQ(read.of_process("#1").size(), 13u);
    EXPECT_EQ(read.of_process("#12").size(), 5u);
    EXPECT_EQ(read.of_process("#2").size(), 0u);
    EXPECT_EQ(read.worker_of(11), "two");
    EXPECT_EQ(read.worker_of(17), "three of them");
    EXPECT_EQ(read.worker_of(18), "four");
    EXPECT_EQ(read.worker_of(19), "");
}

TEST_F(LeaseBook, FindsTheBoundsAnewOnceTheFirstIsGone) {
    leases.add(held(1, 10), "me");
    leases.add(held(2, 20), "me");
    leases.remove(1);
    EXPECT_EQ(leases.bounds().first, 10) << "a bound";
    leases.find_bounds();
    EXPECT_EQ(leases.bounds().first, 20);
}

TEST_F(LeaseBook, ThatIsMalformedIsReportedAsDamaged) {
    add(1, 2);
    leases.save(db);
    ask(folder / "queue.db", "UPDATE infra_active SET jobs = x'0102'");
    EXPECT_EQ(code_thrown_by([&] { leases.load(db); }), errc::corrupt);
}

} // namespace
} // namespace infra::queue::tests
