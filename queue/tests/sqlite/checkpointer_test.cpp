#include "src/sqlite/checkpointer.hpp"

#include "support.hpp"

#include <fstream>

namespace infra::queue::tests {
namespace {

using sqlite::checkpointer;
using sqlite::database;

class SqliteCheckpointer : public ::testing::Test {
protected:
    std::filesystem::path file() const { return folder / "a.db"; }

    /// With a row in its log and not in the file.
    std::unique_ptr<database> open() {
        auto db = std::make_unique<database>(file());
        db->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; "
                    "CREATE TABLE numbers (n); INSERT INTO numbers VALUES (1)");
        return db;
    }
    std::string content() {
        std::ifstream in(file(), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }
    /// What the file holds without its log.
    std::string numbers_in_the_file() {
        std::filesystem::copy_file(file(), folder / "copy.db");
        return ask(folder / "copy.db", "SELECT group_concat(n) FROM numbers");
    }
    static std::string copy(checkpointer& c) {
        c.ask();
        c.wait();
        return c.trouble();
    }

    temporary_folder folder;
};

TEST_F(SqliteCheckpointer, CopiesTheLogIntoTheFile) {
    const auto db = open();
    checkpointer c(file(), db->identity());
    EXPECT_EQ(copy(c), "");
    EXPECT_EQ(numbers_in_the_file(), "1");
}

TEST_F(SqliteCheckpointer, HoldsUpNobodyInATransactionNorIsHeldUp) {
    const auto db = open();
    checkpointer c(file(), db->identity());
    db->execute("BEGIN IMMEDIATE; INSERT INTO numbers VALUES (2)");
    EXPECT_EQ(copy(c), "");
    db->execute("COMMIT");
    EXPECT_EQ(numbers_in_the_file(), "1");
    EXPECT_EQ(ask(file(), "SELECT group_concat(n) FROM numbers"), "1,2");
}

TEST_F(SqliteCheckpointer, LeavesAnotherFileAtThePathAlone) {
    const auto first = open();
    checkpointer c(file(), first->identity());
    for (const auto* suffix : {"", "-wal", "-shm"})
        std::filesystem::rename(file().string() + suffix, (folder / "moved.db").string() + suffix);
    const auto second = open();
    const auto before = content();
    EXPECT_NE(copy(c).find("was moved away or replaced"), std::string::npos) << c.trouble();
    EXPECT_EQ(content(), before);
}

TEST_F(SqliteCheckpointer, MakesNoFileWhereThereIsNone) {
    const auto db = open();
    checkpointer c(file(), db->identity());
    std::filesystem::remove(file());
    EXPECT_NE(copy(c).find("cannot be opened"), std::string::npos) << c.trouble();
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(SqliteCheckpointer, GoesOnOnceWhatWasInItsWayIsGone) {
    const auto db = open();
    checkpointer c(file(), db->identity());
    std::filesystem::rename(file(), folder / "elsewhere");
    EXPECT_NE(copy(c), "");
    std::filesystem::rename(folder / "elsewhere", file());
    EXPECT_EQ(copy(c), "");
    EXPECT_EQ(numbers_in_the_file(), "1");
}

TEST_F(SqliteCheckpointer, EndsAtAnyMoment) {
    const auto db = open();
    for (int i = 0; i < 50; ++i) {
        db->execute("INSERT INTO numbers VALUES (randomblob(100000))");
        checkpointer c(file(), db->identity());
        if (i % 5 > 0)
            c.ask();
        if (i % 5 > 1)
            std::this_thread::yield();
        if (i % 5 > 2)
            c.wait();
    }
    EXPECT_EQ(ask(file(), "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(ask(file(), "SELECT count(*) FROM numbers"), "51");
}

} // namespace
} // namespace infra::queue::tests
