#include "recorded_disk.hpp"
#include "support.hpp"

#include "src/sqlite/database.hpp"

namespace infra::queue::tests {
namespace {

using sqlite::database;
using sqlite::query;

constexpr const char* add_rows =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) INSERT INTO rows SELECT "
    "hex(randomblob(500)) FROM n"; // four to a page

class SqliteLogWrites : public ::testing::Test {
protected:
    std::filesystem::path file() const { return folder / "a.db"; }

    std::unique_ptr<database> open() {
        auto db = std::make_unique<database>(file());
        db->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; "
                    "CREATE TABLE IF NOT EXISTS rows (text)");
        return db;
    }
    std::unique_ptr<database> open_attached() {
        auto db = open();
        db->attach_log();
        return db;
    }
    static void begin(database& db, int rows) {
        db.execute("BEGIN IMMEDIATE");
        query(db, add_rows).bind(rows).run();
    }
    static void add(database& db, int rows) {
        begin(db, rows);
        db.commit();
    }
    /// How many, as another connection sees them.
    std::string rows() { return ask(file(), "SELECT count(*) FROM rows"); }
    std::string soundness() { return ask(file(), "PRAGMA integrity_check"); }

    temporary_folder folder;
};

TEST_F(SqliteLogWrites, AreFewForATransactionOfManyPages) {
    const recorded_disk disk;
    {
        const auto db = open_attached();
        add(*db, 1);
        const auto before = disk.writes();
        add(*db, 40);
        EXPECT_EQ(disk.writes() - before, 1u);
        EXPECT_EQ(rows(), "41");
    }
    EXPECT_EQ(rows(), "41");
}

TEST_F(SqliteLogWrites, WriteAllOfATransactionThatIsLarge) {
    const auto db = open_attached();
    for (const int number : {60, 61, 62, 63, 64, 120, 1000, 4000}) { // about and beyond what is written at once
        const auto before = std::stoi(rows());
        add(*db, number);
        EXPECT_EQ(rows(), std::to_string(before + number));
    }
    EXPECT_EQ(soundness(), "ok");
}

TEST_F(SqliteLogWrites, WriteWhatDidNotFitIntoTheCache) {
    const auto db = open_attached();
    db->execute("PRAGMA cache_size = 10");
    add(*db, 400);
    begin(*db, 400);
    db->execute("UPDATE rows SET text = text || 'x'");
    db->commit();
    EXPECT_EQ(rows(), "800");
    EXPECT_EQ(soundness(), "ok");
}

TEST_F(SqliteLogWrites, WriteNothingOfATransactionThatIsRolledBack) {
    const auto db = open_attached();
    const auto other = open();
    db->execute("PRAGMA cache_size = 10");
    begin(*db, 400);
    db->execute("ROLLBACK");
    add(*other, 40);
    add(*db, 2);
    EXPECT_EQ(rows(), "42");
    EXPECT_EQ(soundness(), "ok");
}

// Its frames lie where the next transaction's go, whosever that is.
TEST_F(SqliteLogWrites, ForgetWhatACommitHeldBackThatFailed) {
    recorded_disk disk;
    {
        const auto db = open_attached();
        const auto other = open();
        add(*db, 1);
        begin(*db, 40);
        disk.fail(SQLITE_FULL, 0, 1);
        EXPECT_THROW(db->commit(), error);
        EXPECT_FALSE(db->in_transaction());
        add(*other, 100);
        EXPECT_EQ(rows(), "101");
        add(*db, 10);
        EXPECT_EQ(rows(), "111");
        EXPECT_EQ(soundness(), "ok");
    }
    EXPECT_EQ(rows(), "111");
}

TEST_F(SqliteLogWrites, GoOnInALogThatBeginsAnewAndThatOthersWrite) {
    const auto db = open_attached();
    const auto other = open_attached();
    for (int i = 0; i < 20; ++i) {
        add(*db, 12);
        add(*other, 12);
        if (i % 3 == 0)
            EXPECT_TRUE((i % 2 == 0 ? db : other)->checkpoint());
    }
    EXPECT_EQ(rows(), "480");
    EXPECT_EQ(soundness(), "ok");
}

} // namespace
} // namespace infra::queue::tests
