#include <infra/runtime/regular_file.hpp>

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

namespace infra {
namespace {

struct RegularFile : ::testing::Test {
    RegularFile() { std::filesystem::create_directory(folder); }
    ~RegularFile() override { std::filesystem::remove_all(folder); }

    std::string path(const char* name) const { return (folder / name).string(); }

    std::string refusal(const std::string& name, symlinks what = symlinks::followed) const {
        try {
            open_regular(name, what);
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::io);
            return e.what();
        }
        return "";
    }

    const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("infra-file-" + random_hex(8));
};

TEST_F(RegularFile, IsReadFromAnywhere) {
    std::ofstream(path("a")) << "0123456789";
    const auto file = open_regular(path("a"));
    EXPECT_EQ(file.size, 10u);
    std::string room(4, '\0');
    EXPECT_EQ(read_at(file, 3, room), 4u);
    EXPECT_EQ(room, "3456");
    EXPECT_EQ(read_at(file, 8, room), 2u);
    EXPECT_EQ(room.substr(0, 2), "89");
    EXPECT_EQ(read_at(file, 10, room), 0u);
    EXPECT_EQ(read_beginning(path("a"), 3).text, "012");
    EXPECT_EQ(read_beginning(path("a"), 3).size, 10u);
    EXPECT_EQ(read_beginning(path("a"), 30).text, "0123456789");
}

TEST_F(RegularFile, IsNothingElse) {
    EXPECT_EQ(refusal(folder.string()), "cannot read " + folder.string() + ": it is not a regular file");
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    EXPECT_EQ(refusal(path("pipe")), "cannot read " + path("pipe") + ": it is not a regular file"); // and nobody waits
    EXPECT_EQ(refusal("/dev/null"), "cannot read /dev/null: it is not a regular file");
    EXPECT_EQ(refusal(path("none")), "cannot read " + path("none") + ": No such file or directory");
    EXPECT_EQ(refusal(std::string("a\0b", 3)), "cannot read a: its name holds a NUL");
}

TEST_F(RegularFile, IsNoSymbolicLinkWhereThatIsRefused) {
    std::ofstream(path("a")) << "x";
    std::filesystem::create_symlink(path("a"), path("link"));
    EXPECT_EQ(refusal(path("link")), "");
    EXPECT_EQ(refusal(path("link"), symlinks::refused), "cannot read " + path("link") + ": it is a symbolic link");
}

} // namespace
} // namespace infra
