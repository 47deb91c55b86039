#include "src/parts/target.hpp"

#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <string>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace infra::storage {
namespace {

namespace fs = std::filesystem;

const part_list about{.etag = "e1", .size = 20, .part_size = 8};

// In another process, whose limits and mounts are its own. 77: it cannot be set up here.
int exit_code_of(const std::function<int()>& f) {
    const auto child = ::fork();
    if (child == 0)
        ::_exit(f());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int code_of_beginning(const fs::path& path, std::uint64_t size, boost::system::error_code expected) {
    try {
        target_file(path, false).begin({.etag = "e", .size = size, .part_size = size});
    } catch (const storage_error& e) {
        return e.code() == expected ? 0 : 1;
    }
    return 2;
}

TEST(TargetFile, HasItsNameOnceItIsWhole) {
    temporary_folder folder;
    target_file to(folder / "a.bin", false);
    to.begin(about);
    to.write(10, "0123456789");
    to.write(0, "abcdefghij");
    EXPECT_EQ(to.read_back({.number = 2, .offset = 8, .size = 4}, checksum_kind::crc32c), checksum_of("ij01"));
    EXPECT_FALSE(fs::exists(folder / "a.bin"));
    to.finish();
    EXPECT_EQ(contents_of(folder / "a.bin"), "abcdefghij0123456789");
    EXPECT_FALSE(fs::exists(folder / "a.bin.part"));
}

TEST(TargetFile, LeavesWhatWasThereUntilThen) {
    temporary_folder folder;
    folder.write("a.bin", "old");
    {
        target_file to(folder / "a.bin", false);
        to.begin(about);
        to.write(0, "new");
    }
    EXPECT_EQ(contents_of(folder / "a.bin"), "old");
    EXPECT_FALSE(fs::exists(folder / "a.bin.part"));
    EXPECT_FALSE(fs::exists(folder / "a.bin.part.parts"));
}

TEST(TargetFile, KeepsWhatIsToBeGoneOnWith) {
    temporary_folder folder;
    {
        target_file to(folder / "a.bin", true);
        EXPECT_FALSE(to.left());
        to.begin(about);
        to.write(0, "abcdefgh");
        to.arrived(1, checksum_of("abcdefgh"));
    }
    {
        target_file again(folder / "a.bin", true);
        ASSERT_TRUE(again.left());
        EXPECT_EQ(again.left()->etag, "e1");
        EXPECT_EQ(again.left()->arrived, (std::map<int, checksum>{{1, checksum_of("abcdefgh")}}));
        again.arrived(2, checksum_of("x"));
    }
    {
        target_file again(folder / "a.bin", true);
        EXPECT_EQ(again.left()->arrived.size(), 2u);
        again.give_up();
    }
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(TargetFile, GoesOnWithNothingThatIsNotToldOf) {
    temporary_folder folder;
    folder.write("a.bin.part", "something");
    folder.write("a.bin.part.parts", first_line(about) + line_of(1, checksum_of("abcdefgh")));
    EXPECT_FALSE(target_file(folder / "a.bin", true).left()) << "the file is too short for it";
    EXPECT_FALSE(fs::exists(folder / "a.bin.part"));
}

TEST(TargetFile, RefusesWhatIsNoFile) {
    temporary_folder folder;
    fs::create_directory(folder / "directory");
    folder.write("file", "x");
    fs::create_symlink(folder / "file", folder / "link");
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    fs::create_directory(folder / "b.part");
    fs::create_symlink(folder / "file", folder / "c.part");
    const struct {
        std::string name;
        boost::system::error_code code;
        std::string says;
    } rows[] = {
        {"directory", infra::errc::invalid_input, "it is a directory"},
        {"directory/", infra::errc::invalid_input, "it names no file"},
        {"link", infra::errc::invalid_input, "it is a symbolic link"},
        {"pipe", infra::errc::invalid_input, "it is not a regular file"},
        {"file/x", infra::errc::io, "Not a directory"},
        {"none/x", infra::errc::io, "No such file or directory"},
        {"b", infra::errc::io, "Is a directory"},
        {"c", infra::errc::io, "symbolic links"},
        {std::string("a\0b", 3), infra::errc::invalid_input, "NUL"},
    };
    for (const auto& row : rows) {
        const auto refusal = refusal_of([&] { target_file(folder / row.name, false); });
        ASSERT_TRUE(refusal) << row.name;
        EXPECT_EQ(refusal->code(), row.code) << refusal->what();
        EXPECT_NE(std::string(refusal->what()).find(row.says), std::string::npos) << refusal->what();
    }
    EXPECT_EQ(contents_of(folder / "file"), "x");
}

TEST(TargetFile, IsWrittenByOneAtATime) {
    temporary_folder folder;
    {
        const target_file first(folder / "a.bin", false);
        const auto refusal = refusal_of([&] { target_file(folder / "a.bin", false); });
        ASSERT_TRUE(refusal);
        EXPECT_NE(std::string(refusal->what()).find("another download is at it"), std::string::npos);
        EXPECT_TRUE(fs::exists(folder / "a.bin.part")) << "the first one's";
    }
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

// A download is cancelled while the disk syncs its last bytes, and the next one to the same path has begun.
TEST(TargetFile, TakesNoNameFromTheNextOnceItIsLeft) {
    for (const bool resume : {false, true}) {
        temporary_folder folder;
        target_file first(folder / "a.bin", false);
        first.begin(about);
        first.leave();
        target_file next(folder / "a.bin", resume);
        next.begin(about);
        for (const auto& late : {refusal_of([&] { first.finish(); }), refusal_of([&] { first.begin(about); }),
                                 refusal_of([&] { first.write(0, "x"); })}) {
            ASSERT_TRUE(late);
            EXPECT_EQ(late->code(), infra::errc::cancelled);
        }
        EXPECT_FALSE(fs::exists(folder / "a.bin")) << "it is the next one's, and not whole";
        EXPECT_EQ(fs::exists(folder / "a.bin.part.parts"), resume);
        next.write(0, "abcdefghij0123456789");
        next.finish();
        EXPECT_EQ(contents_of(folder / "a.bin"), "abcdefghij0123456789");
    }
}

TEST(TargetFile, IsFreeForTheNextOnceItIsLeftThoughSomebodyHoldsIt) {
    temporary_folder folder;
    target_file first(folder / "a.bin", true);
    first.begin(about);
    first.write(0, "abcdefgh");
    first.arrived(1, checksum_of("abcdefgh"));
    first.leave();
    target_file next(folder / "a.bin", true);
    ASSERT_TRUE(next.left());
    EXPECT_EQ(next.left()->arrived.size(), 1u);
}

TEST(TargetFile, SaysThatItIsTooLargeBeforeAByteHasCome) {
    temporary_folder folder;
    EXPECT_EQ(exit_code_of([&] {
                  std::signal(SIGXFSZ, SIG_IGN);
                  const rlimit limit{4096, 4096};
                  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0)
                      return 77;
                  return code_of_beginning(folder / "a.bin", 8192, errc::too_large);
              }),
              0);
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(TargetFile, SaysThatTheDiskIsFullBeforeAByteHasCome) {
    temporary_folder folder;
    const auto code = exit_code_of([&] {
        if (::unshare(CLONE_NEWNS | (::getuid() == 0 ? 0 : CLONE_NEWUSER)) != 0 ||
            ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("none", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0)
            return 77;
        return code_of_beginning(folder / "a.bin", 1u << 20, errc::full);
    });
    if (code == 77)
        GTEST_SKIP() << "no file system of one's own can be mounted here";
    EXPECT_EQ(code, 0);
}

} // namespace
} // namespace infra::storage
