#include "src/file/tree.hpp"

#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace infra::storage::disk {
namespace {

namespace fs = std::filesystem;

/// By the kernel, and step by step as where it cannot.
class FileTree : public ::testing::TestWithParam<walking> {
protected:
    FileTree() {
        fs::create_directories(folder / "root");
        folder.write("outside.txt", "secret");
    }
    tree make() const {
        return tree(descriptor(::open((folder / "root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), GetParam());
    }
    int errno_of_open(const std::string& path) const {
        const auto file = make().open(path, O_RDONLY | O_NONBLOCK);
        return file ? 0 : errno;
    }

    temporary_folder folder;
};

TEST_P(FileTree, OpensWhatIsBelow) {
    folder.write("root/d/e/a.txt", "x");
    EXPECT_EQ(errno_of_open("d/e/a.txt"), 0);
    EXPECT_EQ(errno_of_open("d/none.txt"), ENOENT);
    EXPECT_EQ(errno_of_open("none/a.txt"), ENOENT);
    EXPECT_EQ(errno_of_open("d/e/a.txt/b"), ENOTDIR);
    EXPECT_TRUE(make().open_directory(""));
    EXPECT_TRUE(make().open_directory("d/e"));
    EXPECT_FALSE(make().open_directory("d/e/a.txt"));
    EXPECT_EQ(make().look("d/e/a.txt")->st_size, 1);
}

TEST_P(FileTree, FollowsNoLink) {
    folder.write("root/d/a.txt", "x");
    fs::create_symlink(folder / "outside.txt", folder / "root/out.txt");
    fs::create_directory_symlink(folder.path(), folder / "root/up");
    fs::create_directory_symlink("d", folder / "root/in");
    for (const char* path : {"out.txt", "up/outside.txt", "in/a.txt", "in"})
        EXPECT_EQ(errno_of_open(path), ELOOP) << path;
    EXPECT_FALSE(make().open_directory("in"));
    EXPECT_FALSE(make().make_directories("up/new", false));
    EXPECT_FALSE(make().remove("up/outside.txt"));
    make().remove_empty("up/empty");
    EXPECT_FALSE(fs::exists(folder / "new"));
    EXPECT_TRUE(fs::exists(folder / "outside.txt"));
    EXPECT_TRUE(S_ISLNK(make().look("out.txt")->st_mode));
}

TEST_P(FileTree, MakesDirectoriesAndRemovesTheEmptyOnes) {
    const auto files = make();
    EXPECT_TRUE(files.make_directories("a/b/c", true));
    EXPECT_TRUE(files.make_directories("a/b/c", true));
    folder.write("root/a/x.txt", "x");
    files.remove_empty("a/b/c");
    EXPECT_FALSE(fs::exists(folder / "root/a/b"));
    EXPECT_TRUE(fs::exists(folder / "root/a/x.txt"));
    EXPECT_TRUE(files.remove("a/x.txt"));
    files.remove_empty("a");
    EXPECT_TRUE(fs::is_empty(folder / "root"));
}

TEST_P(FileTree, KnowsThatItIsGone) {
    const auto files = make();
    EXPECT_FALSE(files.is_gone());
    fs::remove_all(folder / "root");
    EXPECT_TRUE(files.is_gone());
}

std::string walking_name(const ::testing::TestParamInfo<walking>& info) {
    return info.param == walking::by_kernel ? "by_kernel" : "by_hand";
}
INSTANTIATE_TEST_SUITE_P(Walking, FileTree, ::testing::Values(walking::by_kernel, walking::by_hand), walking_name);

} // namespace
} // namespace infra::storage::disk
