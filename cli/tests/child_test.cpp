#include "src/child.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/testing/redis_server.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include <sys/wait.h>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

struct Child : ::testing::Test {
    ~Child() override {
        EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a zombie is left";
        EXPECT_EQ(errno, ECHILD);
    }
    child_end run(child_command what) { return loop.get(run_child(std::move(what))); }

    /// That it was cancelled, when it had been for so long.
    bool is_cut_short(child_command what, std::chrono::milliseconds after) {
        return loop.run(with_deadline(run_child(std::move(what)), deadline::after(after)))->code() == errc::timed_out;
    }

    testing::test_loop loop;
};

TEST_F(Child, ReadsItsInputAndTellsHowItEnded) {
    const auto end = run({.command = "cat; echo oops >&2; exit 3", .input = "{\"a\":1}"});
    EXPECT_EQ(end.exit_code, 3);
    EXPECT_EQ(end.out, "{\"a\":1}");
    EXPECT_EQ(end.err, "oops\n");
    EXPECT_FALSE(end.out_cut);
    EXPECT_EQ(run({.command = "kill -9 $$"}).exit_code, 137);
    EXPECT_EQ(run({.command = "no-such-command-at-all"}).exit_code, 127);
}

TEST_F(Child, NeedNotReadItsInput) {
    EXPECT_EQ(run({.command = "exec <&-; echo done", .input = std::string(1 << 20, 'x')}).out, "done\n");
    EXPECT_EQ(run({.command = "head -c 3", .input = std::string(1 << 20, 'x')}).out, "xxx");
    EXPECT_EQ(run({.command = "trap - PIPE; yes | head -n 1"}).out, "y\n") << "SIGPIPE is as usual to it";
}

TEST_F(Child, TakesWhatOthersWroteForData) {
    const std::string hostile = "'; echo broken; $(echo broken) \"`echo broken`\n";
    const auto end = run(
        {.command = "printf %s \"$INFRA_JOB_ID\"; cat", .input = hostile, .variables = {{"INFRA_JOB_ID", hostile}}});
    EXPECT_EQ(end.out, hostile + hostile);
}

TEST_F(Child, KeepsTheEndOfWhatItSays) {
    const auto end = run({.command = "seq 1 100000; seq 1 100000 >&2", .keep = 1000});
    EXPECT_EQ(end.out.size(), 1000u);
    EXPECT_TRUE(end.out.ends_with("\n99999\n100000\n"));
    EXPECT_TRUE(end.out_cut);
    EXPECT_EQ(end.err, end.out);
}

TEST_F(Child, EndsWithAllItStarted) {
    const auto end = run({.command = "sleep 1000 & echo started"});
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(end.out, "started\n") << "and what it left behind holds nobody up";
    EXPECT_LE(run({.command = "yes & exec true", .keep = 1 << 20}).out.size(), std::size_t{1} << 20);
}

TEST_F(Child, IsAskedToEndWhenItIsCancelled) {
    testing::temporary_folder at;
    const auto mark = at.path() + "/ended";
    EXPECT_TRUE(is_cut_short({.command = "trap 'echo > \"$MARK\"; exit' TERM; while :; do sleep 0.01; done",
                              .variables = {{"MARK", mark}},
                              .patience = 1h},
                             300ms));
    EXPECT_TRUE(std::filesystem::exists(mark));
    EXPECT_TRUE(is_cut_short({.command = "sleep 1000 | sleep 1000", .patience = 1h}, 50ms)) << "the whole group is";
}

TEST_F(Child, IsMadeToEndWhenItDoesNotHeed) {
    EXPECT_TRUE(is_cut_short({.command = "trap '' TERM; sleep 1000", .patience = 10ms}, 300ms));
    EXPECT_TRUE(is_cut_short({.command = "trap '' TERM; while :; do :; done", .patience = 10ms}, 50ms));
}

TEST_F(Child, HoldsNobodyUpWhenItsLoopGoes) {
    const auto begin = std::chrono::steady_clock::now();
    {
        testing::test_loop own;
        const auto running = own.spawn(run_child({.command = "trap '' TERM; sleep 1000 & sleep 1000"}));
        own.settle();
        EXPECT_FALSE(running->done());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 60s);
}

TEST_F(Child, RunsBesideOthers) {
    std::vector<std::shared_ptr<testing::outcome<child_end>>> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(loop.spawn(run_child({.command = "cat", .input = std::to_string(i)})));
    for (std::size_t i = 0; i < 20; ++i) {
        loop.until([&] { return all[i]->done(); });
        EXPECT_EQ(all[i]->value->out, std::to_string(i));
    }
}

} // namespace
} // namespace infra::cli
