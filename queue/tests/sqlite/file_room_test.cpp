#include "file_fixture.hpp"

#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <deque>

// What room the file may have: little, none, or only to be read.

namespace infra::queue::tests {
namespace {

// A file system of its own, where it may be made.
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

} // namespace
} // namespace infra::queue::tests
