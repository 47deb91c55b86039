#include "src/queue_work.hpp"

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

TEST(CommandFor, GivesThePayloadAsData) {
    const queue::job_context job(
        {.job = {"mail", "$(id)"}, .name = "welcome", .attempt = 2, .attempts = 3, .fence = 9});
    const auto command = command_for("cat", "{\"a\":1}", job);
    EXPECT_EQ(command.command, "cat");
    EXPECT_EQ(command.input, "{\"a\":1}\n");
    const decltype(command.variables) expected{{"INFRA_JOB_ID", "$(id)"},   {"INFRA_JOB_NAME", "welcome"},
                                               {"INFRA_JOB_QUEUE", "mail"}, {"INFRA_JOB_ATTEMPT", "2"},
                                               {"INFRA_JOB_ATTEMPTS", "3"}, {"INFRA_JOB_FENCE", "9"}};
    EXPECT_EQ(command.variables, expected);
}

TEST(ResultOf, IsALastLineOfJson) {
    const auto result = [](std::string out, bool cut = false) {
        return result_of({.out = std::move(out), .out_cut = cut});
    };
    EXPECT_EQ(result("working\n{\"size\": 3}\n"), "{\"size\":3}");
    EXPECT_EQ(result("42"), "42");
    EXPECT_EQ(result("done\n\r\n\n"), std::nullopt);
    EXPECT_EQ(result("1\ndone\n"), std::nullopt) << "the last line alone";
    EXPECT_EQ(result(""), std::nullopt);
    EXPECT_EQ(result("x\n{\"a\":1}\n", true), "{\"a\":1}");
    EXPECT_EQ(result("2345", true), std::nullopt) << "the end of a longer line";
}

TEST(ReasonOf, HasTheEndOfWhatWasSaid) {
    EXPECT_EQ(reason_of({.exit_code = 3, .err = "warning\nno such file\n"}), "exit code 3: warning\nno such file");
    EXPECT_EQ(reason_of({.exit_code = 1}), "exit code 1");
    EXPECT_EQ(reason_of({.exit_code = 137}), "exit code 137 (Killed)");
    const auto much = reason_of({.exit_code = 1, .err = std::string(50'000, 'x') + "the end"});
    EXPECT_LE(much.size(), 4096u);
    EXPECT_TRUE(much.ends_with("xxthe end"));
}

} // namespace
} // namespace infra::cli
