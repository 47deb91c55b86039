// Several processes, one directory.

#include "child.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/support.hpp"

#include <infra/storage/file.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <map>

namespace infra::storage {
namespace {

class FileProcesses : public ::testing::Test {
protected:
    /// So many children that do the same at once; each one's lines.
    std::vector<std::vector<std::string>> run(int how_many, std::vector<std::string> words) {
        words.insert(words.begin(), directory);
        std::deque<child> all;
        for (int i = 0; i < how_many; ++i)
            all.emplace_back(words);
        std::vector<std::vector<std::string>> said;
        for (auto& each : all) {
            said.push_back(each.all_lines());
            EXPECT_EQ(each.wait(), 0);
        }
        return said;
    }

    temporary_folder folder;
    testing::test_loop loop;
    const std::string directory = (folder / "store").string();
    std::shared_ptr<bucket> files = make_file_bucket({.directory = directory});
};

TEST_F(FileProcesses, LetOneOfThemCreateEachKey) {
    constexpr int keys = 100;
    std::map<std::string, int> created;
    for (const auto& mine : run(4, {"create", std::to_string(keys)}))
        for (const auto& key : mine)
            ++created[key];
    EXPECT_EQ(created.size(), static_cast<std::size_t>(keys));
    for (const auto& [key, times] : created)
        EXPECT_EQ(times, 1) << key;
}

TEST_F(FileProcesses, LoseNoUpdateWhenTheyCompareAndSwap) {
    loop.get(files->put({.key = "number"}, {.bytes = "0"}, deadline::never()));
    run(4, {"count", "50"});
    EXPECT_EQ(loop.get(read_all(files, {.key = "number"}, deadline::never())), "200");
}

TEST_F(FileProcesses, KeepWhatIsThereWhenTheDiskIsFull) {
    child filler({folder.path().string(), "fill"});
    const auto lines = filler.all_lines();
    if (filler.wait() == 77)
        GTEST_SKIP() << "no file system can be mounted here";
    ASSERT_EQ(lines.size(), 4u);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(lines[static_cast<std::size_t>(i)].starts_with("full: put kept: ")) << lines[0];
    EXPECT_EQ(lines[3], "as it was");
}

TEST_F(FileProcesses, ReadADirectoryThatIsReadOnly) {
    child reader({folder.path().string(), "read"});
    const auto lines = reader.all_lines();
    if (reader.wait() == 77)
        GTEST_SKIP() << "no file system can be mounted here";
    ASSERT_EQ(lines.size(), 7u);
    EXPECT_EQ(lines[0], "by hand text/plain; charset=utf-8 unknown 1");
    EXPECT_EQ(lines[1], "kept x/y known 1");
    for (std::size_t i = 2; i < 6; ++i)
        EXPECT_NE(lines[i].find("Read-only file system; mount it for writing"), std::string::npos) << lines[i];
    EXPECT_TRUE(lines[2].starts_with("io: put new: ")) << lines[2];
    EXPECT_EQ(lines[6], "done") << "once it is writable again";
}

} // namespace
} // namespace infra::storage
