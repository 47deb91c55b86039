#include "file_fixture.hpp"

#include <sys/fsuid.h>

// What the file may be: absent, damaged, foreign, newer, gone.

namespace infra::queue::tests {
namespace {

TEST_F(SqliteFile, IsMadeWithItsFolders) {
    const auto deep = folder / "a/b/queue.db";
    EXPECT_FALSE(add(open({.file = deep}), "a"));
    EXPECT_TRUE(std::filesystem::exists(deep));
    expect_sound(deep);
}

TEST_F(SqliteFile, CannotBeMadeBelowAFile) {
    write(folder / "file", "");
    const auto stored = open({.file = folder / "file/queue.db"});
    EXPECT_EQ(add(stored, "a"), errc::unavailable);
    EXPECT_NE(sentence(stored).find("file/queue.db has no folder, and it cannot be made"), std::string::npos)
        << sentence(stored);
    std::filesystem::remove(folder / "file");
    EXPECT_FALSE(add(stored, "a")) << "it is opened again by the next operation";
}

TEST_F(SqliteFile, CannotBeAFolder) {
    std::filesystem::create_directories(file());
    EXPECT_EQ(add(open(), "a"), errc::unavailable);
    EXPECT_NE(sentence(open()).find("cannot be opened"), std::string::npos) << sentence(open());
}

TEST_F(SqliteFile, InAFolderThatIsNotWritableSaysSoAndIsMadeOnceItIs) {
    const auto closed = folder / "closed";
    std::filesystem::create_directory(closed);
    std::filesystem::permissions(closed, std::filesystem::perms(0555));
    const auto stored = open({.file = closed / "queue.db"});
    const auto me = ::setfsuid(65534);     // where that is allowed: for root all is writable
    const auto refused = add(stored, "a"); // whose thread is made as this one is
    ::setfsuid(static_cast<uid_t>(me));
    EXPECT_EQ(refused, errc::unavailable);
    EXPECT_NE(sentence(stored).find("queue.db cannot be opened: "), std::string::npos) << sentence(stored);
    EXPECT_NE(sentence(stored).find("; check that its folder exists and is writable"), std::string::npos)
        << sentence(stored);
    std::filesystem::permissions(closed, std::filesystem::perms(0777));
    EXPECT_FALSE(add(stored, "a"));
    loop.await(stored->stop(deadline::after(30s)));
    expect_sound(closed / "queue.db");
}

TEST_F(SqliteFile, MayBeEmpty) {
    write(file(), "");
    EXPECT_FALSE(add(open(), "a"));
}

TEST_F(SqliteFile, ThatIsNoDatabaseIsReportedAndLeftAsItIs) {
    const auto bytes = "this is a diary, not a database " + std::string(5000, 'x');
    write(file(), bytes);
    const auto stored = open();
    EXPECT_EQ(add(stored, "a"), errc::corrupt);
    EXPECT_EQ(loop.code_of(stored->claim({.queues = {"mail"}, .now = t0})), errc::corrupt);
    EXPECT_NE(sentence(stored).find(file().string() + " is damaged or not a SQLite database"), std::string::npos);
    EXPECT_EQ(read(file()), bytes);
}

TEST_F(SqliteFile, WhosePagesAreDamagedIsReportedAndServesAgainOnceRestored) {
    {
        const auto stored = open();
        for (int i = 0; i < 200; ++i)
            add(stored, "a" + std::to_string(i), '"' + std::string(500, 'x') + '"');
        loop.await(stored->stop(deadline::after(30s)));
    }
    const auto sound = read(file());
    ASSERT_GT(sound.size(), 20u * 4096);
    auto damaged = sound;
    std::fill(damaged.begin() + 2 * 4096, damaged.end(), '\x5a');
    write(file(), damaged);
    const auto stored = open();
    EXPECT_EQ(add(stored, "b"), errc::corrupt);
    EXPECT_EQ(read(file()), damaged);
    std::filesystem::remove(file());
    write(file(), sound);
    EXPECT_FALSE(add(stored, "b"));
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, 201u);
}

TEST_F(SqliteFile, OfANewerVersionIsRefusedAndLeftAsItIs) {
    loop.await(open()->counts({}));
    ask(file(), "UPDATE infra_queue SET schema_version = 99");
    const auto bytes = read(file());
    const auto stored = open();
    EXPECT_EQ(add(stored, "a"), errc::incompatible);
    EXPECT_NE(
        sentence(stored).find("was written by a newer version of this library (schema 99, this one knows up to 8)"),
        std::string::npos);
    EXPECT_EQ(read(file()), bytes);
}

TEST_F(SqliteFile, MigratedByANewerVersionWhileItIsOpenIsRefusedFromThenOn) {
    const auto stored = open();
    EXPECT_FALSE(add(stored, "a"));
    ask(file(), "UPDATE infra_queue SET schema_version = 99");
    EXPECT_EQ(add(stored, "b"), errc::incompatible);
    EXPECT_EQ(ask(file(), "SELECT group_concat(id) FROM infra_jobs"), "a");
}

TEST_F(SqliteFile, WhoseTablesAreNotOursIsReportedAsDamaged) {
    const auto stored = open();
    EXPECT_FALSE(add(stored, "a"));
    ask(file(), "DROP TABLE infra_payloads");
    EXPECT_EQ(add(stored, "b"), errc::corrupt);
    ask(file(), "DELETE FROM infra_queue");
    EXPECT_EQ(add(open(), "c"), errc::corrupt);
    ask(file(), "DROP TABLE infra_queue");
    ask(file(), "CREATE TABLE infra_queue (something_else)");
    EXPECT_EQ(add(open(), "d"), errc::corrupt);
}

TEST_F(SqliteFile, MayBeSharedWithTablesOfTheProgram) {
    loop.await(open()->counts({}));
    ask(file(), "CREATE TABLE customers (name TEXT)");
    ask(file(), "PRAGMA user_version = 42");
    EXPECT_FALSE(add(open(), "a"));
    EXPECT_EQ(ask(file(), "PRAGMA user_version"), "42");
}

TEST_F(SqliteFile, ThatWasDeletedIsMadeAnewRatherThanWrittenOutOfSight) {
    const auto stored = open();
    EXPECT_FALSE(add(stored, "a"));
    for (const auto* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(file().string() + suffix);
    EXPECT_FALSE(add(stored, "b"));
    EXPECT_EQ(ask(file(), "SELECT group_concat(id) FROM infra_jobs"), "b");
}

TEST_F(SqliteFile, ThatWasDeletedTakesItsLeasesAlong) {
    const auto stored = open();
    auto other = open();
    const auto take = [&](backend& by, const job_id& id) {
        EXPECT_FALSE(add(stored, id));
        return loop.await(by.claim({.queues = {"mail"}, .now = t0})).jobs.at(0).held;
    };
    const auto stale = take(*other, "old");
    loop.await(other->stop(deadline::after(30s))); // the number of its process is free again
    for (const auto* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(file().string() + suffix);
    const auto fresh = take(*stored, "new");
    EXPECT_EQ(stale.fence, fresh.fence) << "numbers begin anew, so they alone do not tell the leases apart";
    for (const auto as : {outcome::kind::completed, outcome::kind::retry, outcome::kind::failed})
        EXPECT_FALSE(loop.await(stored->finish({{.held = stale, .as = as, .at = t0}})).at(0));
    EXPECT_FALSE(loop.await(stored->finish({{.held = stale, .at = t0, .keep = {.count = 0}}})).at(0));
    EXPECT_EQ(loop.await(stored->extend({stale}, 1h, t0)).at(0), renewal::lost);
    EXPECT_TRUE(loop.await(stored->finish({{.held = fresh, .at = t0}})).at(0));
}

} // namespace
} // namespace infra::queue::tests
