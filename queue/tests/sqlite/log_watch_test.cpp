#include "src/sqlite/log_watch.hpp"

#include "support.hpp"

#include <fstream>
#include <thread>

namespace infra::queue::tests {
namespace {

using sqlite::log_watch;
using enum log_watch::listening;

class SqliteLogWatch : public ::testing::Test {
protected:
    SqliteLogWatch() {
        write();
        watch.follow(log);
    }
    void write() const { std::ofstream(log, std::ios::app) << "frames"; }
    static steady_time in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

    temporary_folder folder;
    const std::filesystem::path log = folder / "queue.db-wal";
    log_watch watch;
};

TEST_F(SqliteLogWatch, TellsOfWritesOnce) {
    ASSERT_TRUE(watch.is_on());
    EXPECT_FALSE(watch.was_written());
    write();
    write();
    EXPECT_TRUE(watch.was_written());
    EXPECT_FALSE(watch.was_written());
}

TEST_F(SqliteLogWatch, EndsASleepWhenTheLogIsWrittenTo) {
    std::jthread other([&] { write(); });
    const auto given_up = in(30s);
    watch.sleep_until(given_up, to_wake_and_log);
    EXPECT_LT(std::chrono::steady_clock::now(), given_up);
    EXPECT_TRUE(watch.was_written());
}

TEST_F(SqliteLogWatch, EndsASleepWhenItIsWoken) {
    for (const auto listening : {to_wake, to_wake_and_log}) {
        std::jthread other([&] { watch.wake(); });
        const auto given_up = in(30s);
        watch.sleep_until(given_up, listening);
        EXPECT_LT(std::chrono::steady_clock::now(), given_up);
    }
}

TEST_F(SqliteLogWatch, SleepsThroughWritesThatItIsNotToListenTo) {
    write();
    const auto until = in(20ms);
    watch.sleep_until(until, to_wake);
    EXPECT_GE(std::chrono::steady_clock::now(), until);
    EXPECT_TRUE(watch.was_written()) << "it is told of afterwards";
}

TEST_F(SqliteLogWatch, FollowsOneFileAtATime) {
    const auto other = folder / "other.db-wal";
    std::ofstream(other) << "header";
    watch.follow(other);
    write();
    EXPECT_FALSE(watch.was_written());
    std::ofstream(other, std::ios::app) << "frames";
    EXPECT_TRUE(watch.was_written());
}

TEST_F(SqliteLogWatch, IsOffWhereThereIsNoLog) {
    watch.follow(folder / "nothing");
    EXPECT_FALSE(watch.is_on());
    EXPECT_FALSE(watch.was_written());
}

} // namespace
} // namespace infra::queue::tests
