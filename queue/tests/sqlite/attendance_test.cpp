#include "src/sqlite/attendance.hpp"

#include "child.hpp"
#include "support.hpp"

#include <infra/queue/worker.hpp>

// Workers of other processes, and what of them stands in the file.

namespace infra::queue::tests {
namespace {

class SqliteAttendance : public ::testing::Test {
protected:
    ~SqliteAttendance() override { expect_sound(file); }

    std::shared_ptr<backend> open() {
        return make_sqlite_backend({.file = file, .durability = durability::normal, .poll = 1ms, .look_for_dead = 1ms});
    }
    void claim_as(backend& by, std::string worker) {
        loop.await(by.claim({.queues = {"mail"}, .max = 1, .worker = std::move(worker), .now = t0}));
    }
    std::vector<worker_info> workers(std::vector<std::string> of = {}) {
        return loop.await(judge->workers(std::move(of)));
    }

    test_loop loop;
    temporary_folder folder;
    const std::filesystem::path file = folder / "queue.db";
    std::shared_ptr<backend> judge = open();
};

TEST_F(SqliteAttendance, OfAnotherProcessEndsWithItAndNotWhenItIsStopped) {
    loop.await(judge->counts({})); // the file is there
    child other(file, folder.path(), "run");
    ASSERT_TRUE(loop.until([&] { return workers({"count"}).size() == 1; }));
    const auto seen = workers({"count"}).at(0);
    EXPECT_NE(seen.name.find(":" + std::to_string(other.pid()) + ":"), std::string::npos) << seen.name;
    EXPECT_EQ(seen.queues, std::vector<std::string>{"count"});
    other.signal(SIGSTOP);
    EXPECT_EQ(workers({"count"}).size(), 1u) << "who lives may go on";
    other.kill();
    EXPECT_TRUE(workers({"count"}).empty()) << "at once: the kernel has let go of its byte";
}

TEST_F(SqliteAttendance, OfThoseWhoAreGoneIsSweptUpByTheNextClaim) {
    auto other = open();
    claim_as(*other, "one");
    EXPECT_EQ(ask(file, "SELECT count(*) FROM infra_workers WHERE worker = 'one' AND queues = '[\"mail\"]'"), "1");
    other.reset();
    ASSERT_TRUE(loop.until([&] { return workers().empty(); }));
    claim_as(*judge, "two");
    EXPECT_EQ(ask(file, "SELECT group_concat(worker) FROM infra_workers"), "two");
}

TEST_F(SqliteAttendance, LeavesNoRow) {
    claim_as(*judge, "one");
    loop.await(judge->leave("one"));
    EXPECT_EQ(ask(file, "SELECT count(*) FROM infra_workers WHERE worker IS NOT NULL"), "0");
}

// Its transaction is lost to the other operation of it.
TEST_F(SqliteAttendance, IsWrittenAgainAfterItWasUndone) {
    loop.await(judge->counts({}));
    ask(file, "CREATE TRIGGER no BEFORE INSERT ON infra_workers BEGIN SELECT raise(ABORT, 'not now'); END");
    EXPECT_THROW(claim_as(*judge, "one"), error);
    ask(file, "DROP TRIGGER no");
    claim_as(*judge, "one");
    EXPECT_EQ(ask(file, "SELECT count(*) FROM infra_workers WHERE worker = 'one'"), "1");
    EXPECT_EQ(loop.await(open()->workers({"mail"})).size(), 1u);
}

// Numbers go back when a transaction is undone, and bytes do not: neither another worker nor the process itself may have the
// number then, or who leaves lets go of their byte.
TEST_F(SqliteAttendance, OfTwoAfterOneWasUndoneAreTwo) {
    const auto other = open();
    loop.await(judge->counts({}));
    ask(file, "CREATE TRIGGER no BEFORE INSERT ON infra_workers BEGIN SELECT raise(ABORT, 'not now'); END");
    EXPECT_THROW(claim_as(*judge, "one"), error);
    ask(file, "DROP TRIGGER no");
    claim_as(*judge, "two");
    claim_as(*judge, "one");
    EXPECT_EQ(loop.await(other->workers({})).size(), 2u);
    loop.await(judge->leave("one"));
    EXPECT_EQ(loop.await(other->workers({})).size(), 1u);
}

TEST_F(SqliteAttendance, IsNotThatOfItsProcess) {
    auto other = open();
    const auto claim = [&](backend& by, std::string worker) {
        return loop.await(
            by.claim({.queues = {"mail"}, .max = 1, .worker = std::move(worker), .lease = 1h, .now = t0}));
    };
    loop.await(other->enqueue({make_job("a"), make_job("b")}));
    ask(file, "CREATE TRIGGER no BEFORE INSERT ON infra_workers BEGIN SELECT raise(ABORT, 'not now'); END");
    EXPECT_THROW(claim(*other, "one"), error);
    ask(file, "DROP TRIGGER no");
    ASSERT_EQ(claim(*other, "one").jobs.size(), 1u);
    ASSERT_EQ(claim(*other, "two").jobs.size(), 1u);
    ask(file, "CREATE TRIGGER no BEFORE DELETE ON infra_workers BEGIN SELECT raise(ABORT, 'not now'); END");
    loop.await(other->leave("one")); // its row stays
    ask(file, "DROP TRIGGER no");
    std::this_thread::sleep_for(2ms); // look_for_dead
    EXPECT_TRUE(claim(*judge, "three").rescued.empty()) << "both are held by a process that lives";
    other.reset();
    ASSERT_TRUE(loop.until([&] { return !claim(*judge, "three").rescued.empty(); })) << "until it does so no longer";
}

TEST_F(SqliteAttendance, CostsNoWriteWhileNothingIsNew) {
    claim_as(*judge, "one");
    opened_file reader(file);
    const auto before = reader.ask("PRAGMA data_version");
    for (int i = 0; i < 10; ++i)
        claim_as(*judge, "one");
    EXPECT_EQ(reader.ask("PRAGMA data_version"), before);
}

TEST_F(SqliteAttendance, OfAWorkerBeginsWithItsRunAndEndsWithItsStop) {
    queue jobs(judge, {}, std::make_shared<registry>());
    jobs.define_job<no_data>({.name = "mail", .handler = [] {}});
    worker one(jobs, {});
    const auto running = loop.start(one.run());
    ASSERT_TRUE(loop.until([&] { return loop.await(jobs.workers("mail")).size() == 1; }));
    loop.await(one.stop(1s));
    EXPECT_TRUE(loop.await(jobs.workers("mail")).empty());
    ASSERT_TRUE(loop.until([&] { return running->ended; }));
}

} // namespace
} // namespace infra::queue::tests
