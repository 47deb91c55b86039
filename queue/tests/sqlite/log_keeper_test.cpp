#include "src/sqlite/log_keeper.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

using sqlite::database;
using sqlite::log_keeper;

class SqliteLog : public ::testing::Test {
protected:
    static constexpr std::size_t long_log = 256 * 1024;
    static constexpr int bytes_of_a_commit = 8'000;

    SqliteLog() {
        db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE things (thing)");
        keeper.emplace(db, long_log);
    }
    std::filesystem::path file() const { return folder / "a.db"; }

    /// One commit after the other, without a pause. The log's size at its largest, and at the end.
    void write(std::size_t bytes, const std::string& log) {
        for (std::size_t done = 0; done < bytes; done += bytes_of_a_commit) {
            query(db, "INSERT INTO things VALUES (zeroblob(?1))").bind(bytes_of_a_commit).run();
            keeper->tend();
            largest = std::max<std::size_t>(largest, std::filesystem::file_size(log));
        }
    }

    temporary_folder folder;
    database db{file()};
    std::optional<log_keeper> keeper;
    std::size_t largest = 0;

    using query = sqlite::query;
    // A log may become twice as long while it is copied beside, and then as many commits longer as there are rounds.
    static constexpr std::size_t bound = 2 * long_log + std::size_t{10} * (bytes_of_a_commit + 3 * 4096);
};

TEST_F(SqliteLog, BeginsAnewUnderAWriterThatNeverPauses) {
    write(40 * long_log, file().string() + "-wal");
    EXPECT_LT(largest, bound);
    EXPECT_GE(largest, long_log / 4);
    EXPECT_EQ(keeper->trouble(), "");
}

TEST_F(SqliteLog, IsCopiedByTheWriterWhereNobodyBesideItCan) {
    std::filesystem::rename(file(), folder / "elsewhere");
    write(20 * long_log, file().string() + "-wal");
    EXPECT_LT(largest, bound);
    EXPECT_NE(keeper->trouble().find("cannot be opened"), std::string::npos) << keeper->trouble();
    std::filesystem::rename(folder / "elsewhere", file());
    write(2 * long_log, file().string() + "-wal");
    EXPECT_EQ(keeper->trouble(), "");
}

TEST_F(SqliteLog, GrowsWhileSomebodyReadsAndBeginsAnewThereafter) {
    opened_file reader(file());
    reader.ask("BEGIN");
    reader.ask("SELECT count(*) FROM things");
    write(10 * long_log, file().string() + "-wal");
    EXPECT_GT(largest, 10 * long_log);
    EXPECT_EQ(reader.ask("SELECT count(*) FROM things"), "0");
    reader.ask("COMMIT");
    const auto kept = largest;
    write(10 * long_log, file().string() + "-wal");
    EXPECT_LT(largest, kept + bound);
}

} // namespace
} // namespace infra::queue::tests
