#include "src/configuration.hpp"

#include <gtest/gtest.h>

namespace infra::app {
namespace {

using texts = std::vector<std::string>;

texts problems_beside(const app_options& options, environment::variables values) {
    return check_settings(left_to_say(options, environment(std::move(values)))).problems;
}

TEST(Configuration, IsNotJudgedByVariablesThatNobodyReads) {
    EXPECT_EQ(problems_beside({.host = "::1", .port = 80, .drain_delay = std::chrono::seconds(1)},
                              {{"HOST", ""}, {"PORT", "abc"}, {"DRAIN_DELAY", "soon"}}),
              texts());
    EXPECT_EQ(problems_beside({.server = {.trusted_proxies = {"10.0.0.1"}}}, {{"TRUSTED_PROXIES", "all"}}), texts());
    EXPECT_EQ(problems_beside({.cache = {.url = "memory:"}}, {{"CACHE_URL", "ftp://x"}}), texts());
    EXPECT_EQ(problems_beside({.email = {.url = "outbox:x"}}, {{"EMAIL_URL", "pigeon:x"}}), texts());
}

// The keys of a bucket that is named in the code are variables all the same.
TEST(Configuration, IsJudgedByWhatTheOptionsLeaveToVariables) {
    const app_options in_s3{.storage = {.url = "s3://photos"}};
    EXPECT_EQ(problems_beside(in_s3, {{"S3_ACCESS_KEY_ID", "a"}, {"S3_SECRET_ACCESS_KEY", "b"}}), texts());
    EXPECT_EQ(problems_beside(in_s3, {{"S3_ACCESS_KEY_ID", "a"}}).size(), 1u);
    EXPECT_EQ(problems_beside({.email = {.url = "resend:"}}, {}).size(), 1u);
    EXPECT_EQ(problems_beside({.email = {.url = "resend:"}}, {{"RESEND_API_KEY", "re_1"}}), texts());
}

TEST(Configuration, TellsOfEachVariableOnce) {
    EXPECT_EQ(merged({"PORT: a", "HOST: b"}, {"PORT: c", "QUEUE_URL: d", "KEY_FILE: e", "KEY: f"}),
              (texts{"PORT: a", "HOST: b", "QUEUE_URL: d", "KEY_FILE: e"}));
}

} // namespace
} // namespace infra::app
