#include "src/progress_bar.hpp"

#include "memory_shortage.hpp"
#include "src/cell_text.hpp"
#include "tests/program_on_terminal.hpp"

#include <infra/queue.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

// --- a line ---------------------------------------------------------------------------------------------------------

TEST(ProgressLine, SaysHowFarTheWorkHasCome) {
    const std::pair<work_done, const char*> table[] = {
        {{.name = "a.tar", .now = {{.done = 512 << 10, .total = 1 << 20}}, .since = 500ms},
         "a.tar  50% [##########          ] 512.0 KiB of 1.0 MiB, 1.0 MiB/s"},
        {{.name = "a.tar", .now = {{.done = 1 << 20, .total = 1 << 20}}, .since = 1s},
         "a.tar 100% [####################] 1.0 MiB of 1.0 MiB, 1.0 MiB/s"},
        {{.name = "a.tar", .now = {{.done = 0, .total = 0}}}, "a.tar 100% [####################] 0 B of 0 B"},
        {{.name = "a.tar", .now = {{.done = 9, .total = 3}}}, "a.tar 100% [####################] 9 B of 3 B"},
        {{.name = "-", .now = {{.done = 2048, .total = {}}}, .since = 2s}, "-  2.0 KiB, 1.0 KiB/s"},
        {{.name = "mail", .unit = "jobs", .now = {{.done = 30, .total = 60}}, .since = 3s},
         "mail  50% [##########          ] 30 of 60 jobs, 10/s"},
        {{.name = "mail", .unit = "jobs", .now = {{.done = 30, .total = {}}}, .since = 3s}, "mail  30 jobs, 10/s"},
        {{.name = "copying a.tar", .since = 61'900ms}, "copying a.tar  61 s"},
    };
    for (const auto& [work, line] : table)
        EXPECT_EQ(progress_line(work, 0), line);
}

TEST(ProgressLine, GivesUpWhatTellsLeastWhereThereIsNoRoom) {
    const work_done work{
        .name = "backups/of/the/day.tar", .now = {{.done = 512 << 10, .total = 1 << 20}}, .since = 500ms};
    const std::pair<std::size_t, const char*> table[] = {
        {100, "backups/of/the/day.tar  50% [##########          ] 512.0 KiB of 1.0 MiB, 1.0 MiB/s"},
        {80, "backups/of/the/day…  50% [##########          ] 512.0 KiB of 1.0 MiB, 1.0 MiB/s"},
        {70, "backups/of/the/day.…  50% [##########          ] 512.0 KiB of 1.0 MiB"},
        {50, "backups/of/the/day.tar  50% 512.0 KiB of 1.0 MiB"},
        {24, "backups/of/the/da…  50%"},
        {8, "b…  50%"},
        {3, " …"},
        {1, ""},
    };
    for (const auto& [columns, line] : table)
        EXPECT_EQ(progress_line(work, columns), line) << columns;
}

TEST(ProgressLine, IsNarrowerThanTheTerminalWhateverTheWork) {
    const std::optional<storage::progress> figures[] = {
        {}, {{.done = 7, .total = {}}}, {{.done = 1ull << 50, .total = 1ull << 60}}};
    for (const std::string name : {"", "a", "日本語のとても長いファイル名.tar", "café", "\xff\xfe"})
        for (const auto& now : figures)
            for (std::size_t columns = 1; columns < 120; ++columns) {
                const auto line = progress_line({.name = name, .now = now, .since = 90min}, columns);
                EXPECT_LT(cells_of(line), columns) << line;
                EXPECT_EQ(one_line(line), line) << "nothing that a terminal obeys";
            }
}

TEST(ProgressLine, HasNothingOfANameThatATerminalObeys) {
    for (const std::string name : {"-\033[2J",
                                   "\x9b"
                                   "2J",
                                   "\xc2\x9b"
                                   "2J",
                                   "\u202egpj", "a\nb"})
        EXPECT_EQ(one_line(progress_line({.name = name}, 80)), progress_line({.name = name}, 80)) << name;
}

// --- when it is painted ---------------------------------------------------------------------------------------------

TEST(ProgressPainter, PaintsNothingOfWhatIsOverSoon) {
    progress_painter painter("mail", "jobs", steady_time());
    painter.show({.done = 5, .total = 5});
    EXPECT_EQ(painter.paint(steady_time() + 299ms, 80), "");
    EXPECT_EQ(painter.clear(), "");
}

TEST(ProgressPainter, PaintsTenTimesASecondAtMost) {
    progress_painter painter("mail", "jobs", steady_time());
    int painted = 0;
    for (auto now = steady_time(); now < steady_time() + 1300ms; now += 1ms)
        painted += painter.paint(now, 80).empty() ? 0 : 1;
    EXPECT_EQ(painted, 10);
}

TEST(ProgressPainter, WritesOverItsLineAndTakesItAway) {
    progress_painter painter("mail", "jobs", steady_time());
    EXPECT_EQ(painter.paint(steady_time() + 1s, 80), "\r\033[Kmail  1 s");
    painter.show({.done = 20, .total = {}});
    EXPECT_EQ(painter.paint(steady_time() + 2s, 80), "\r\033[Kmail  20 jobs, 10/s");
    EXPECT_EQ(painter.clear(), "\r\033[K");
    EXPECT_EQ(painter.clear(), "") << "once";
}

TEST(ProgressPainter, CountsEachPieceOfTheWorkByItself) {
    progress_painter painter("mail", "jobs", steady_time());
    painter.show({.done = 20, .total = {}});
    painter.begin("photos", steady_time() + 2s);
    EXPECT_EQ(painter.paint(steady_time() + 3s, 80), "\r\033[Kphotos  1 s");
}

#ifdef INFRA_TESTS_RUN_SHORT_OF_MEMORY

// On a thread of its own, where what it throws would end the process.
TEST(ProgressPainter, PaintsNothingWhereMemoryIsShort) {
    progress_painter painter("a name that is too long to lie in the string itself", "jobs", steady_time());
    painter.show({.done = 20, .total = 40});
    bool fell_short = true;
    auto now = steady_time() + 1s;
    for (long succeed = 0; fell_short; ++succeed, now += 1s) {
        const testing::shortage begun(succeed);
        const auto painted = painter.paint(now, 80);
        fell_short = testing::shortage::felt();
        EXPECT_EQ(painted.empty(), fell_short);
    }
    EXPECT_EQ(painter.clear(), "\r\033[K");
}

#endif

TEST(Progress, IsForPeopleAtTerminalsAlone) {
    const environment usual({{"TERM", "xterm"}});
    EXPECT_TRUE(shows_progress({.is_terminal = true}, usual));
    EXPECT_TRUE(shows_progress({.is_terminal = true}, environment({{"TERM", "xterm"}, {"NO_COLOR", "1"}})));
    EXPECT_FALSE(shows_progress({.is_terminal = false}, usual));
    EXPECT_FALSE(shows_progress({.is_terminal = true, .json = true}, usual));
    EXPECT_FALSE(shows_progress({.is_terminal = true, .is_typed = true}, usual));
    EXPECT_FALSE(shows_progress({.is_terminal = true}, environment({{"TERM", "dumb"}})));
    EXPECT_FALSE(shows_progress({.is_terminal = true}, environment()));
}

TEST(ProgressBar, LetsLinesThroughWhereItIsNotSeen) {
    std::ostringstream out, err;
    {
        progress_bar bar({out, err}, "a");
        EXPECT_FALSE(bar.follow());
        bar.show({.done = 1, .total = 2});
        bar.tell("infra: line 7 is none");
    }
    EXPECT_EQ(err.str(), "infra: line 7 is none\n");
    EXPECT_EQ(out.str(), "");
}

// --- the program on a terminal --------------------------------------------------------------------------------------

constexpr std::string_view cleared = "\r\033[K";

struct ProgressOnATerminal : ::testing::Test {
    std::string url(const char* name) const { return folder.path() + "/" + name; }

    testing::temporary_folder folder;
};

TEST_F(ProgressOnATerminal, IsShownWhileJobsAreAdded) {
    program_on_terminal adding({"queue", "add", "mail", "--stdin", "--url", "sqlite:" + url("queue.db")});
    for (int i = 0; i < 1000; ++i)
        adding.feed("1\n");
    EXPECT_TRUE(adding.is_told("mail  1000 jobs added, ")) << adding.told();
    adding.feed("no job\n");
    adding.end_input();
    EXPECT_EQ(adding.ended(), 6);
    EXPECT_NE(adding.told().find(std::string(cleared) + "infra: line 1001: "), std::string::npos) << adding.told();
    EXPECT_EQ(adding.printed(), "1000 added, 1 bad lines left out\n");
}

TEST_F(ProgressOnATerminal, IsShownWhileAnObjectIsStored) {
    program_on_terminal storing({"storage", "put", "-", "backups/today.tar", "--url", "file:" + url("box")}, 40);
    storing.feed("begun");
    EXPECT_TRUE(storing.is_told("backups/today.tar")) << storing.told();
    storing.end_input();
    EXPECT_EQ(storing.ended(), 0);
    EXPECT_TRUE(storing.told().ends_with(cleared)) << storing.told();
    EXPECT_EQ(storing.printed(), "backups/today.tar, 5 B\n");
}

TEST_F(ProgressOnATerminal, IsShownWhileNobodyTakesWhatIsRead) {
    const auto box = "file:" + url("box");
    std::ofstream(url("a.bin")) << std::string(4 << 20, 'a');
    program_on_terminal storing({"storage", "put", url("a.bin"), "a.bin", "--url", box});
    ASSERT_EQ(storing.ended(), 0);
    program_on_terminal reading({"storage", "get", "a.bin", "-", "--url", box});
    EXPECT_TRUE(reading.is_told("a.bin")) << reading.told();
    EXPECT_EQ(reading.ended(), 0);
    EXPECT_TRUE(reading.told().ends_with(cleared)) << reading.told();
    EXPECT_EQ(reading.printed().size(), std::size_t{4} << 20);
}

struct ProgressBesideAServer : ::testing::Test {
    void SetUp() override {
        if (!testing::redis_server::installed())
            GTEST_SKIP() << testing::redis_server::how_to_install;
        server.emplace();
        const queue::queue jobs(queue::make_backend(server->url()));
        wait(jobs.enqueue("mail", json::value(1), {.queue = "mail"}));
        wait(jobs.stop(deadline::after(5s)));
        server->pause();
    }

    std::optional<testing::redis_server> server;
};

TEST_F(ProgressBesideAServer, IsShownWhileManyJobsAreChanged) {
    program_on_terminal removing(
        {"queue", "rm", "--all", "--queue", "mail", "--timeout", "60s", "--url", server->url()});
    EXPECT_TRUE(removing.is_told("mail  0 s")) << removing.told();
    server->proceed();
    EXPECT_EQ(removing.ended(), 0);
    EXPECT_TRUE(removing.told().ends_with(cleared)) << removing.told();
    EXPECT_EQ(removing.printed(), "1 removed\n");
}

TEST_F(ProgressBesideAServer, GoesBeforeAnErrorIsTold) {
    program_on_terminal examining({"queue", "doctor", "--timeout", "5s", "--url", server->url()});
    EXPECT_TRUE(examining.is_told("looking at all keys  ")) << examining.told();
    server->kill();
    EXPECT_EQ(examining.ended(), 5);
    EXPECT_NE(examining.told().rfind(std::string(cleared) + "infra: "), std::string::npos) << examining.told();
}

} // namespace
} // namespace infra::cli
