#include <infra/storage.hpp>

#include "tests/support.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::storage {
namespace {

std::string refusal(const environment& variables) {
    try {
        return "no: " + url_from(variables);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::misconfigured);
        return e.what();
    }
}

TEST(CreateStorage, KeepsObjectsWhereTheEnvironmentSays) {
    EXPECT_EQ(url_from(environment()), "file:var/storage");
    EXPECT_EQ(url_from(environment({{"STORAGE_URL", "memory:"}})), "memory:");
    EXPECT_EQ(url_from(environment({{"STORAGE_URL", "memory:"}, {"S3_BUCKET", "b"}})), "memory:");
    EXPECT_EQ(storage_from(environment({{"STORAGE_URL", "memory:"}})).bucket()->name(), "memory");
}

TEST(CreateStorage, DoesNotPassOverS3) {
    EXPECT_EQ(refusal(environment({{"S3_BUCKET", "b"}})),
              "S3_BUCKET: no S3 is linked; link infra::storage_s3, set STORAGE_URL (file:var/storage) or unset "
              "S3_BUCKET");
    EXPECT_EQ(refusal(environment({{"S3_ENDPOINT", "https://s3.example"}})),
              "S3_BUCKET: missing beside S3_ENDPOINT; set it, or STORAGE_URL, or unset S3_ENDPOINT");
    EXPECT_EQ(refusal(environment({{"S3_ACCESS_KEY_ID", "k"}, {"S3_SECRET_ACCESS_KEY", "s"}})),
              "S3_BUCKET: missing beside S3_ACCESS_KEY_ID; set it, or STORAGE_URL, or unset S3_ACCESS_KEY_ID");
}

TEST(CreateStorage, NamesTheVariableOfAUrlThatIsNotUnderstood) {
    try {
        const auto made = storage_from(environment({{"STORAGE_URL", "ftp://user:secret@host"}}));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::misconfigured);
        const std::string sentence = e.what();
        EXPECT_TRUE(sentence.starts_with("STORAGE_URL: ")) << sentence;
        EXPECT_NE(sentence.find("memory:"), std::string::npos) << sentence;
        EXPECT_EQ(sentence.find("secret"), std::string::npos);
    }
}

TEST(CreateStorage, PrefersWhatTheOptionsSay) {
    const environment elsewhere({{"STORAGE_URL", "ftp:"}});
    EXPECT_EQ(storage_from(elsewhere, {.url = "memory:"}).bucket()->name(), "memory");
    const auto kept = make_memory_bucket();
    EXPECT_EQ(create_storage({.bucket = kept}).bucket(), kept);
    EXPECT_EQ(create_storage({.url = "memory:", .prefix = "p/"}).description(), "memory:, below p/");
}

TEST(CreateStorage, HasOneForTheProcess) {
    const storage mine({.url = "memory:"});
    set_default_storage(mine);
    EXPECT_EQ(default_storage().bucket(), mine.bucket());
}

TEST(StorageBucket, IsMadeOfAUrlByWhoeverRegisteredItsScheme) {
    EXPECT_TRUE(register_bucket("mine", [](std::string_view url, const environment& variables, clock&) {
        EXPECT_EQ(url, "mine://x");
        EXPECT_TRUE(variables.has("A"));
        return make_memory_bucket();
    }));
    EXPECT_TRUE(knows_bucket("mine"));
    EXPECT_FALSE(knows_bucket("yours"));
    EXPECT_EQ(make_bucket("mine://x", environment({{"A", "b"}}))->name(), "memory");
    for (const auto* each : {"yours:x", "", "plain", ":"})
        EXPECT_THROW(make_bucket(each, environment()), error) << each;
}

} // namespace
} // namespace infra::storage
