#include "src/child.hpp"

#include <infra/testing/redis_server.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <filesystem>

#include <sys/stat.h>

// What only the program as a process can show.

namespace infra::cli {
namespace {

struct Program : ::testing::Test {
    /// In a folder of its own; `infra` is the program, which is built beside its tests. 124: it did not end.
    child_end sh(const std::string& command) {
        const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
        return loop.get(run_child(
            {.command = "cd " + folder.path() + "\ninfra() { timeout 20 \"$PROGRAMS/infra\" \"$@\"; }\n" + command,
             .variables = {{"PROGRAMS", beside}}}));
    }

    testing::test_loop loop;
    testing::temporary_folder folder;
};

TEST_F(Program, EndsThoughTheResolverDoesNot) {
    ASSERT_EQ(::mkfifo((folder.path() + "/aliases").c_str(), 0600), 0); // which the resolver waits to be written to
    const std::string stuck = "export HOSTALIASES=$PWD/aliases\n";
    const auto doctor = sh(stuck + "EMAIL_URL=smtp://nowhere infra doctor --only smtp --timeout 300ms");
    EXPECT_EQ(doctor.exit_code, 4) << doctor.out << doctor.err;
    EXPECT_NE(doctor.out.find("answer within"), std::string::npos) << doctor.out;
    EXPECT_EQ(sh(stuck + "infra queue ls --url redis://nowhere --timeout 300ms").exit_code, 5);
    EXPECT_EQ(sh(stuck + "infra top --once --url http://nowhere --timeout 300ms").exit_code, 5);
}

TEST_F(Program, OpensNothingInPlaceOfAStandardDescriptorThatIsClosed) {
    const std::string work =
        "infra queue work mail --url sqlite:queue.db --drain --exec 'readlink /proc/$PPID/fd/[012] > open'";
    sh("infra queue add mail 1 --url sqlite:queue.db\n" + work + " <&- >&- 2>&-");
    EXPECT_EQ(sh("cat open").out, "/dev/null\n/dev/null\n/dev/null\n");
    EXPECT_EQ(sh("infra version >&-").exit_code, 1) << "what cannot be written is no success";
}

} // namespace
} // namespace infra::cli
