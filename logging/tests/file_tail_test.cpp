#include "src/file_tail.hpp"

#include "support.hpp"

#include <infra/base/id.hpp>

#include <fstream>
#include <sstream>

#include <sys/stat.h>

namespace infra::logging::detail {
namespace {

struct temporary_file {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("file_tail_" + uuid_v7());
    explicit temporary_file(std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
    ~temporary_file() { std::filesystem::remove(path); }

    std::string text() const {
        std::ostringstream all;
        all << std::ifstream(path, std::ios::binary).rdbuf();
        return all.str();
    }
};

TEST(FileTail, IsTheEndOfAFile) {
    const temporary_file file("one\ntwo\n");
    EXPECT_EQ(tail_of(file.path, 4), "two\n");
    EXPECT_EQ(tail_of(file.path, 100), "one\ntwo\n");
    EXPECT_EQ(tail_of(file.path, 0), "");
}

TEST(FileTail, IsNotThereForWhatIsNoFile) {
    EXPECT_EQ(tail_of("/nowhere", 10), std::nullopt);
    EXPECT_EQ(tail_of("/dev/null", 10), std::nullopt);
    EXPECT_EQ(tail_of(std::filesystem::temp_directory_path(), 10), std::nullopt);
    const auto fifo = std::filesystem::temp_directory_path() / ("file_tail_" + uuid_v7());
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_EQ(tail_of(fifo, 10), std::nullopt);
    finish_last_line(fifo);
    std::filesystem::remove(fifo);
}

TEST(LastLine, IsCutOffWhereItIsHalfOfOurs) {
    const std::string whole = R"({"timestamp":"2026-01-01T00:00:00.000Z","level":"info","message":"a"})";
    for (const std::size_t left : {std::size_t(1), std::size_t(14), std::size_t(15), whole.size()}) {
        const temporary_file file(whole + "\n" + whole.substr(0, left));
        finish_last_line(file.path);
        EXPECT_EQ(file.text(), whole + "\n");
    }
    const temporary_file only(whole.substr(0, 20));
    finish_last_line(only.path);
    EXPECT_EQ(only.text(), "");
}

TEST(LastLine, IsCutOffHoweverLongItIs) {
    const temporary_file file("whole\n{\"timestamp\":\"" + std::string(300'000, 'x'));
    finish_last_line(file.path);
    EXPECT_EQ(file.text(), "whole\n");
}

TEST(LastLine, IsFinishedWhereItIsSomebodyElses) {
    const temporary_file file("whole\n12:00:00.000 INFO  hal");
    finish_last_line(file.path);
    EXPECT_EQ(file.text(), "whole\n12:00:00.000 INFO  hal\n");
}

TEST(LastLine, StaysWhereItIsWhole) {
    for (const auto* text : {"", "\n", "one\n", "{\"timestamp\":\"x\"}\n"}) {
        const temporary_file file(text);
        finish_last_line(file.path);
        EXPECT_EQ(file.text(), text);
    }
}

} // namespace
} // namespace infra::logging::detail
