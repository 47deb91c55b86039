#include <infra/logging/sink.hpp>

#include <infra/base/id.hpp>

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace infra::logging {
namespace {

struct temporary_directory {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("logging_" + uuid_v7());
    temporary_directory() { std::filesystem::create_directory(path); }
    ~temporary_directory() { std::filesystem::remove_all(path); }
};

std::string contents(const std::filesystem::path& path) {
    std::ostringstream all;
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return all.str();
}

TEST(FileSink, AppendsToWhatIsThere) {
    const temporary_directory dir;
    const auto path = dir.path / "app.log";
    EXPECT_EQ(file_sink({.path = path})->write("one\n").taken, 4U);
    EXPECT_EQ(file_sink({.path = path})->write("two\nthree\n").taken, 10U);
    EXPECT_EQ(contents(path), "one\ntwo\nthree\n");
}

TEST(FileSink, NamesTheFileItCannotOpen) {
    try {
        file_sink({.path = "/nowhere/app.log"});
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::io);
        EXPECT_EQ(std::string(e.what()).find("cannot open the log file /nowhere/app.log: "), 0U) << e.what();
    }
}

TEST(FileSink, ReportsADiskThatTakesNothing) {
    if (::access("/dev/full", W_OK) != 0)
        GTEST_SKIP() << "/dev/full is not there";
    const auto outcome = file_sink({.path = "/dev/full"})->write("line\n");
    EXPECT_EQ(outcome.taken, 0U);
    EXPECT_EQ(outcome.failure, boost::system::errc::no_space_on_device);
}

// A file size limit stops a write in the middle of a line, as a full disk does. What was taken of each of three writes, of
// which the first two meet it.
std::array<std::size_t, 3> write_into_14_bytes(const std::filesystem::path& path) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const auto child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        const auto sink = file_sink({.path = path});
        rlimit limit{.rlim_cur = 14, .rlim_max = RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto first = sink->write("12345678\nabcdefgh\nlost\n");
        const auto while_full = sink->write("lost too\n");
        limit.rlim_cur = RLIM_INFINITY;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto after = sink->write("after\n");
        const std::array<std::size_t, 3> taken{first.taken, while_full.taken, after.taken};
        const bool failed = first.failure && while_full.failure && !after.failure;
        ::_exit(::write(ends[1], taken.data(), sizeof taken) == sizeof taken && failed ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    std::array<std::size_t, 3> taken{};
    EXPECT_EQ(::read(ends[0], taken.data(), sizeof taken), ssize_t(sizeof taken));
    ::close(ends[0]);
    ::close(ends[1]);
    return taken;
}

TEST(FileSink, TakesHalfALineBackAndRefusesIt) {
    const temporary_directory dir;
    EXPECT_EQ(write_into_14_bytes(dir.path / "app.log"), (std::array<std::size_t, 3>{9, 0, 6}));
    EXPECT_EQ(contents(dir.path / "app.log"), "12345678\nafter\n");
}

TEST(FileSink, FinishesATornLineWhereOthersWriteToTheFileToo) {
    const temporary_directory dir;
    const auto other = file_sink({.path = dir.path / "app.log"});
    EXPECT_EQ(write_into_14_bytes(dir.path / "app.log"), (std::array<std::size_t, 3>{18, 0, 6}));
    EXPECT_EQ(contents(dir.path / "app.log"), "12345678\nabcdefgh\nafter\n");
}

TEST(FileSink, LeavesTheLineThatAnotherIsWriting) {
    const temporary_directory dir;
    const std::string half = R"({"timestamp":"2026-01-01T00:00)";
    const auto first = file_sink({.path = dir.path / "app.log"});
    std::ofstream(dir.path / "app.log", std::ios::app) << half;
    const auto second = file_sink({.path = dir.path / "app.log"});
    EXPECT_EQ(contents(dir.path / "app.log"), half);
}

TEST(FileSink, CutsHalfALineThatAKilledProcessLeft) {
    const temporary_directory dir;
    std::ofstream(dir.path / "app.log") << "whole\n" << R"({"timestamp":"2026-01-01T00:00)";
    EXPECT_EQ(file_sink({.path = dir.path / "app.log"})->write("next\n").taken, 5U);
    EXPECT_EQ(contents(dir.path / "app.log"), "whole\nnext\n");
}

TEST(FileSink, BeginsANewFileBeforeOneIsTooLarge) {
    const temporary_directory dir;
    const auto path = dir.path / "app.log";
    const auto sink = file_sink({.path = path, .max_bytes = 8, .keep = 2});
    EXPECT_EQ(sink->write("one\ntwo\nthree\nfour\n").taken, 19U);
    EXPECT_EQ(contents(path), "four\n");
    EXPECT_EQ(contents(dir.path / "app.log.1"), "three\n");
    EXPECT_EQ(contents(dir.path / "app.log.2"), "one\ntwo\n");
    EXPECT_EQ(sink->write("a line that is longer than any file\n").taken, 36U);
    EXPECT_EQ(sink->write("x\n").taken, 2U);
    EXPECT_EQ(contents(path), "x\n");
    EXPECT_EQ(contents(dir.path / "app.log.1"), "a line that is longer than any file\n");
    EXPECT_FALSE(std::filesystem::exists(dir.path / "app.log.3"));
}

TEST(FileSink, CountsWhatWasThereBefore) {
    const temporary_directory dir;
    const auto path = dir.path / "app.log";
    EXPECT_EQ(file_sink({.path = path, .max_bytes = 8})->write("one\n").taken, 4U);
    EXPECT_EQ(file_sink({.path = path, .max_bytes = 8})->write("three\n").taken, 6U);
    EXPECT_EQ(contents(dir.path / "app.log.1"), "one\n");
}

TEST(FileSink, BeginsANewFileWithTheDay) {
    using namespace std::chrono_literals;
    const temporary_directory dir;
    const auto path = dir.path / "app.log";
    manual_clock clock;
    const auto sink = file_sink({.path = path, .every = rotate_every::day, .time = &clock});
    EXPECT_EQ(sink->write("monday\n").taken, 7U);
    clock.advance(23h);
    EXPECT_EQ(sink->write("late\n").taken, 5U);
    clock.advance(1h);
    EXPECT_EQ(sink->write("tuesday\n").taken, 8U);
    clock.advance(72h); // of days without a line there are no files
    EXPECT_EQ(sink->write("friday\n").taken, 7U);
    EXPECT_EQ(contents(path), "friday\n");
    EXPECT_EQ(contents(dir.path / "app.log.1"), "tuesday\n");
    EXPECT_EQ(contents(dir.path / "app.log.2"), "monday\nlate\n");
}

TEST(FileSink, GoesOnWithTheOldFileIfItCannotBeMoved) {
    const temporary_directory dir;
    const auto path = dir.path / "app.log";
    const auto sink = file_sink({.path = path, .max_bytes = 4, .keep = 1});
    std::filesystem::create_directories(dir.path / "app.log.1" / "in the way");
    testing::internal::CaptureStderr();
    EXPECT_EQ(sink->write("one\ntwo\nthree\n").taken, 14U);
    const auto complaint = testing::internal::GetCapturedStderr();
    EXPECT_NE(complaint.find("cannot begin a new file"), std::string::npos);
    EXPECT_EQ(complaint.find("cannot begin"), complaint.rfind("cannot begin"));
    EXPECT_EQ(contents(path), "one\ntwo\nthree\n");
}

TEST(FileSink, WritesToWhatItsPathNamesAfterItWasToldTo) {
    const temporary_directory dir;
    const auto path = dir.path / "app.log";
    const auto sink = file_sink({.path = path});
    sink->write("one\n");
    std::filesystem::rename(path, dir.path / "moved");
    sink->write("two\n");
    reopen_files();
    sink->write("three\n");
    EXPECT_EQ(contents(dir.path / "moved"), "one\ntwo\n");
    EXPECT_EQ(contents(path), "three\n");
}

TEST(FileSink, ReopensOnHangupIfAsked) {
    const temporary_directory dir;
    const auto path = dir.path / "app.log";
    const auto child = ::fork();
    if (child == 0) {
        const auto sink = file_sink({.path = path});
        reopen_files_on_hangup();
        sink->write("one\n");
        std::filesystem::rename(path, dir.path / "moved");
        ::raise(SIGHUP);
        sink->write("two\n");
        ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(contents(dir.path / "moved"), "one\n");
    EXPECT_EQ(contents(path), "two\n");
}

TEST(FileSink, NamesABadOption) {
    const temporary_directory dir;
    EXPECT_THROW(file_sink({.path = dir.path / "a", .keep = 0}), std::invalid_argument);
    EXPECT_THROW(file_sink({.path = dir.path / "a", .time = nullptr}), std::invalid_argument);
}

} // namespace
} // namespace infra::logging
