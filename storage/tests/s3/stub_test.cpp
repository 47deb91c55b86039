// What our other tests stand on: that the stub is S3 in what it does, by the word of AWS's own client.

#include "peer.hpp"
#include "stub/digest.hpp"
#include "stub/server.hpp"

#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

namespace infra::storage {
namespace {

void hold_to_the_sdk(const std::string& endpoint, const std::string& bucket) {
    if (const auto why = peer::missing("@aws-sdk/client-s3"); !why.empty())
        GTEST_SKIP() << why;
    const auto facts = peer::output_of("stub_check.mjs", endpoint + " AKIDSTUB stub-secret " + bucket).as_object();
    EXPECT_GE(facts.size(), 15u);
    for (const auto& [fact, failure] : facts)
        EXPECT_EQ(std::string(failure.as_string()), "") << fact;
}

TEST(S3Stub, DoesWhatTheSdkOfAwsExpects) {
    stub::server s3;
    hold_to_the_sdk(s3.endpoint(), s3.bucket());
}

TEST(S3Stub, DoesSoWithAJournal) {
    const testing::temporary_folder folder("stub");
    stub::server s3({.directory = folder.path()});
    hold_to_the_sdk(s3.endpoint(), s3.bucket());
}

TEST(S3Stub, HasAfterASigkillWhatItHad) {
    if (const auto why = peer::missing("@aws-sdk/client-s3"); !why.empty())
        GTEST_SKIP() << why;
    const testing::temporary_folder folder("stub");
    const std::vector<std::string> command{peer::built("storage_stub"), "--directory", folder.path()};
    peer::child first(command);
    peer::output_of("stub_check.mjs", first.first_line() + " AKIDSTUB stub-secret photos");
    first.kill();
    stub::service again({.directory = folder.path()});
    const auto objects = again.objects();
    ASSERT_TRUE(objects.contains("range"));
    EXPECT_EQ(objects.at("range").bytes.bytes.view(), "0123456789");
    ASSERT_TRUE(objects.contains("m/1"));
    EXPECT_EQ(objects.at("m/1").bytes.size, (5u << 20) + 4);
    EXPECT_EQ(objects.at("m/1").checksums.at("crc32c"), stub::digest("crc32c", objects.at("m/1").bytes.bytes.view()));
}

} // namespace
} // namespace infra::storage
