#include <infra/logging/sink.hpp>

#include <infra/base/id.hpp>

#include <gtest/gtest.h>

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

// A file size limit stops a write in the middle of a line, as a full disk does.
TEST(FileSink, FinishesATornLineWhenThereIsRoomAgain) {
    const temporary_directory dir;
    const auto path = dir.path / "app.log";
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
        ::_exit(first.taken == 18 && first.failure && while_full.taken == 0 && while_full.failure && after.taken == 6 &&
                        !after.failure
                    ? 0
                    : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(contents(path), "12345678\nabcdefgh\nafter\n");
}

TEST(MemorySink, KeepsTheNewestLines) {
    memory_sink sink({.max_lines = 2});
    EXPECT_EQ(sink.write("a\nb\nc\n").taken, 6U);
    EXPECT_EQ(sink.lines(), (std::vector<std::string>{"b", "c"}));
    EXPECT_EQ(sink.text(), "b\nc\n");
    sink.clear();
    EXPECT_TRUE(sink.lines().empty());
}

} // namespace
} // namespace infra::logging
