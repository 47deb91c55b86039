#include "support.hpp"

#include "src/sqlite/schema.hpp"

#include <infra/base/with_deadline.hpp>

#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <deque>
#include <fstream>
#include <thread>

// What the file may do to us: be absent, damaged, foreign, newer, locked, full, read-only, gone.

namespace infra::queue::tests {
namespace {

class SqliteFile : public ::testing::Test {
protected:
    std::filesystem::path file() const { return folder / "queue.db"; }
    std::shared_ptr<backend> open(sqlite_options options = {}) {
        if (options.file == sqlite_options().file)
            options.file = file();
        options.durability = durability::normal;
        return make_sqlite_backend(options);
    }
    boost::system::error_code add(const std::shared_ptr<backend>& to, std::string id, std::string data = "{}") {
        auto job = make_job(std::move(id));
        job.data = std::move(data);
        return loop.code_of(to->enqueue({job}));
    }
    std::string sentence(const std::shared_ptr<backend>& of) {
        try {
            loop.await(of->counts({}));
        } catch (const error& e) {
            return e.what();
        }
        return "no error";
    }
    void write(const std::filesystem::path& to, const std::string& bytes) {
        std::ofstream(to, std::ios::binary) << bytes;
    }
    std::string read(const std::filesystem::path& from) {
        std::ifstream in(from, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }

    temporary_folder folder;
    test_loop loop;
};

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
        sentence(stored).find("was written by a newer version of this library (schema 99, this one knows up to 5)"),
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

TEST_F(SqliteFile, DoesNotGrowItsLogWhileJobsComeAndGo) {
    constexpr std::size_t log = 4 << 20;
    const auto stored = open({.log_bytes = log});
    for (int i = 0; i < 200; ++i) {
        std::vector<new_job> many;
        for (int n = 0; n < 100; ++n)
            many.push_back(make_job(std::to_string(i) + "-" + std::to_string(n)));
        many[0].data = std::string(200'000, 'x');
        loop.await(stored->enqueue(std::move(many)));
        std::vector<outcome> ends;
        for (auto& each : loop.await(stored->claim({.queues = {"mail"}, .max = 100, .now = t0})).jobs)
            ends.push_back({.held = std::move(each.held), .at = t0, .keep = {.count = 0}});
        loop.await(stored->finish(std::move(ends)));
    }
    EXPECT_LT(std::filesystem::file_size(file().string() + "-wal"), 2 * log + (4u << 20));
    EXPECT_LT(std::filesystem::file_size(file()), 2u << 20);
}

TEST_F(SqliteFile, DoesNotGrowItsLogUnderALoadThatNeverPauses) {
    constexpr std::size_t log = 1 << 20, payload = 20'000, together = 20;
    const auto stored = open({.log_bytes = log});
    std::deque<std::shared_ptr<pending<std::vector<added_job>>>> adds;
    for (int i = 0; i < 2000; ++i) {
        auto job = make_job(std::to_string(i));
        job.data = '"' + std::string(payload, 'x') + '"';
        adds.push_back(loop.start(stored->enqueue({job})));
        while (adds.size() > together) { // so that the writer always has some before it
            ASSERT_TRUE(loop.until([&] { return adds.front()->ended; }));
            adds.pop_front();
        }
    }
    loop.until([&] { return adds.back()->ended; });
    // Twice of it, then three rounds with a transaction each, and what a page is more than a payload.
    EXPECT_LT(std::filesystem::file_size(file().string() + "-wal"), 2 * log + 4 * together * payload * 2);
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, 2000u);
}

TEST_F(SqliteFile, MayBeSharedWithTablesOfTheProgram) {
    loop.await(open()->counts({}));
    ask(file(), "CREATE TABLE customers (name TEXT)");
    ask(file(), "PRAGMA user_version = 42");
    EXPECT_FALSE(add(open(), "a"));
    EXPECT_EQ(ask(file(), "PRAGMA user_version"), "42");
}

TEST_F(SqliteFile, LockedTooLongIsUnavailableUntilItIsFree) {
    const auto stored = open({.busy_timeout = 20ms});
    EXPECT_FALSE(add(stored, "a"));
    std::optional<write_lock> other(file());
    EXPECT_EQ(add(stored, "b"), errc::unavailable);
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, 1u) << "reading needs no lock";
    other.reset();
    EXPECT_FALSE(add(stored, "b"));
}

TEST_F(SqliteFile, LockedForAMomentIsWaitedFor) {
    const auto stored = open({.busy_timeout = 30s});
    EXPECT_FALSE(add(stored, "a"));
    std::optional<write_lock> other(file());
    const auto adding = loop.start(stored->enqueue({make_job("b")}));
    for (int i = 0; i < 10; ++i)
        loop.settle();
    EXPECT_FALSE(adding->ended);
    other.reset();
    EXPECT_TRUE(loop.until([&] { return adding->ended; }));
    EXPECT_FALSE(adding->failure);
}

TEST_F(SqliteFile, LockedDoesNotHoldUpDestruction) {
    auto stored = open({.busy_timeout = 1h});
    EXPECT_FALSE(add(stored, "a"));
    std::optional<write_lock> other(file());
    const auto adding = loop.start(stored->enqueue({make_job("b")}));
    loop.settle();
    stored.reset();
    EXPECT_TRUE(loop.until([&] { return adding->ended; }));
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
    const auto take = [&](const job_id& id) {
        EXPECT_FALSE(add(stored, id));
        return loop.await(stored->claim({.queues = {"mail"}, .now = t0})).jobs.at(0).held;
    };
    const auto stale = take("old");
    for (const auto* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(file().string() + suffix);
    const auto fresh = take("new");
    EXPECT_EQ(stale.fence, fresh.fence) << "numbers begin anew, so they alone do not tell the leases apart";
    for (const auto as : {outcome::kind::completed, outcome::kind::retry, outcome::kind::failed})
        EXPECT_FALSE(loop.await(stored->finish({{.held = stale, .as = as, .at = t0}})).at(0));
    EXPECT_FALSE(loop.await(stored->finish({{.held = stale, .at = t0, .keep = {.count = 0}}})).at(0));
    EXPECT_EQ(loop.await(stored->extend({stale}, t0 + 1h)).at(0), renewal::lost);
    EXPECT_TRUE(loop.await(stored->finish({{.held = fresh, .at = t0}})).at(0));
}

// A write that fails in the middle, as on a broken disk.
TEST_F(SqliteFile, ThatCannotBeWrittenIsUnavailableAndSoundAfterwards) {
    const auto stored = open();
    EXPECT_FALSE(add(stored, "a"));
    struct rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small{std::filesystem::file_size(file().string() + "-wal") + 10'000, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const auto refused = add(stored, "large", std::string(1 << 20, 'x'));
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, ignored);
    EXPECT_EQ(refused, errc::unavailable);
    EXPECT_FALSE(add(stored, "b"));
    EXPECT_EQ(ask(file(), "SELECT group_concat(id) FROM infra_jobs"), "a,b");
    expect_sound(file());
}

TEST_F(SqliteFile, StoresExactlyWhatItAcknowledgedWhenManyThreadsAddMoreThanMayWait) {
    const auto stored = open({.max_waiting = 8});
    std::atomic<std::size_t> acknowledged = 0, refused = 0;
    const auto add_many = [&](int thread) {
        test_loop own;
        std::vector<std::shared_ptr<pending<std::vector<added_job>>>> adds;
        for (int i = 0; i < 200; ++i) {
            adds.push_back(own.start(stored->enqueue({make_job(std::to_string(thread) + "-" + std::to_string(i))})));
            own.settle();
        }
        for (const auto& each : adds) {
            ASSERT_TRUE(own.until([&] { return each->ended; }));
            if (each->failure) {
                EXPECT_EQ(infra::code_of(each->failure), infra::errc::overloaded);
            }
            ++(each->failure ? refused : acknowledged);
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back(add_many, i);
    }
    EXPECT_EQ(acknowledged + refused, 800u);
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, acknowledged);
    expect_sound(file());
}

TEST_F(SqliteFile, LockedDoesNotHoldUpACallerThatGivesUp) {
    const auto stored = open({.busy_timeout = 1h});
    EXPECT_FALSE(add(stored, "a"));
    std::optional<write_lock> other(file());
    EXPECT_EQ(loop.code_of(with_deadline(stored->enqueue({make_job("b")}), deadline::after(5ms))),
              infra::errc::timed_out);
    other.reset();
    EXPECT_FALSE(add(stored, "b")) << "repeated with its id, it is there once";
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, 2u);
}

// Jobs are added until the bound is hit; then everything acknowledged is there, and taking jobs out makes room again.
TEST_F(SqliteFile, ThatMayNotGrowRefusesJobsAndLosesNone) {
    const auto stored = open({.max_file_bytes = 512 * 1024});
    const auto data = '"' + std::string(2000, 'x') + '"';
    std::size_t acknowledged = 0;
    boost::system::error_code refused;
    for (; acknowledged < 10'000 && !refused; acknowledged += !refused)
        refused = add(stored, "a" + std::to_string(acknowledged), data);
    EXPECT_EQ(refused, errc::unavailable);
    EXPECT_GT(acknowledged, 50u);
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, acknowledged);
    expect_sound(file());

    const auto taken = loop.await(stored->claim({.queues = {"mail"}, .max = acknowledged, .now = t0}));
    EXPECT_EQ(taken.jobs.size(), acknowledged);
    std::vector<outcome> done;
    for (const auto& job : taken.jobs)
        done.push_back({.held = job.held, .at = t0, .keep = {.count = 0}});
    EXPECT_EQ(loop.await(stored->finish(done)), std::vector<bool>(acknowledged, true));
    EXPECT_FALSE(add(stored, "again", data));
    expect_sound(file());
}

TEST_F(SqliteFile, ThatMayNotGrowTakesTheSmallJobsThatCameWithALargeOne) {
    const auto stored = open({.max_file_bytes = 256 * 1024});
    EXPECT_FALSE(add(stored, "first"));
    auto large = make_job("large");
    large.data = '"' + std::string(1 << 20, 'x') + '"';
    const auto before = loop.start(stored->enqueue({make_job("before")}));
    const auto refused = loop.start(stored->enqueue({large}));
    const auto behind = loop.start(stored->enqueue({make_job("behind")}));
    EXPECT_TRUE(loop.until([&] { return before->ended && refused->ended && behind->ended; }));
    EXPECT_FALSE(before->failure);
    EXPECT_EQ(infra::code_of(refused->failure), errc::unavailable);
    EXPECT_FALSE(behind->failure);
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, 3u);
    expect_sound(file());
}

// --- on a file system of its own, where this may be done ----------------------------------------------------------

class mounted {
public:
    mounted(std::filesystem::path at, const char* size) : at_(std::move(at)) {
        std::filesystem::create_directories(at_);
        is_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, (std::string("size=") + size).c_str()) == 0;
    }
    ~mounted() {
        if (is_)
            ::umount2(at_.c_str(), MNT_DETACH);
    }
    bool remount_read_only() const { return ::mount("", at_.c_str(), "", MS_REMOUNT | MS_RDONLY, "") == 0; }
    explicit operator bool() const { return is_; }

private:
    std::filesystem::path at_;
    bool is_ = false;
};

TEST_F(SqliteFile, OnAFullDiskRefusesJobsAndLosesNone) {
    const mounted disk(folder / "disk", "2m");
    if (!disk)
        GTEST_SKIP() << "no right to mount a file system";
    const auto at = folder / "disk/queue.db";
    auto stored = open({.file = at});
    const auto data = '"' + std::string(3000, 'x') + '"';
    std::size_t acknowledged = 0;
    boost::system::error_code refused;
    for (; acknowledged < 10'000 && !refused; acknowledged += !refused)
        refused = add(stored, "a" + std::to_string(acknowledged), data);
    EXPECT_EQ(refused, errc::unavailable);
    EXPECT_NE(acknowledged, 0u);
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, acknowledged);
    stored = open({.file = at});
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, acknowledged) << "after opening again";
    stored.reset();
    EXPECT_EQ(ask(at, "PRAGMA integrity_check"), "ok");
}

TEST_F(SqliteFile, OnAFullDiskGoesOnOnceThereIsRoom) {
    const mounted disk(folder / "disk", "2m");
    if (!disk)
        GTEST_SKIP() << "no right to mount a file system";
    const auto stored = open({.file = folder / "disk/queue.db"});
    EXPECT_FALSE(add(stored, "first"));
    {
        std::ofstream(folder / "disk/ballast") << std::string(3 << 20, 'x');
    }
    boost::system::error_code refused;
    for (int i = 0; i < 1000 && !refused; ++i)
        refused = add(stored, "a" + std::to_string(i), '"' + std::string(3000, 'x') + '"');
    EXPECT_EQ(refused, errc::unavailable);
    std::filesystem::remove(folder / "disk/ballast");
    EXPECT_FALSE(add(stored, "again"));
    EXPECT_EQ(loop.await(stored->claim({.queues = {"mail"}, .max = 1, .now = t0})).jobs.at(0).held.job.id, "first");
    loop.await(stored->stop(deadline::after(30s)));
}

TEST_F(SqliteFile, ThatMayOnlyBeReadIsUnavailable) {
    const mounted disk(folder / "disk", "2m");
    if (!disk)
        GTEST_SKIP() << "no right to mount a file system";
    const auto at = folder / "disk/queue.db";
    loop.await(open({.file = at})->counts({}));
    ASSERT_TRUE(disk.remount_read_only());
    const auto stored = open({.file = at});
    EXPECT_EQ(add(stored, "a"), errc::unavailable);
    EXPECT_NE(sentence(stored).find("is not writable"), std::string::npos) << sentence(stored);
    const auto none = open({.file = folder / "disk/deep/queue.db"});
    EXPECT_EQ(add(none, "a"), errc::unavailable);
    EXPECT_NE(sentence(none).find("has no folder, and it cannot be made"), std::string::npos) << sentence(none);
}

// --- several at once ----------------------------------------------------------------------------------------------

TEST_F(SqliteFile, IsMadeOnceWhenSeveralBegin) {
    std::vector<std::shared_ptr<backend>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(open({.busy_timeout = 30s}));
    std::vector<std::shared_ptr<pending<std::vector<added_job>>>> adds;
    for (std::size_t i = 0; i < all.size(); ++i)
        adds.push_back(loop.start(all[i]->enqueue({make_job("a" + std::to_string(i))})));
    EXPECT_TRUE(loop.until([&] { return std::ranges::all_of(adds, [](const auto& each) { return each->ended; }); }));
    for (const auto& each : adds)
        EXPECT_EQ(describe(each->failure), "");
    EXPECT_EQ(loop.await(all[0]->counts({"mail"})).at(0).waiting, 8u);
}

} // namespace
} // namespace infra::queue::tests
