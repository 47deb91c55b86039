// What verify() says of stores whose shortcomings are known, signed URLs followed over HTTP.

#include "on_stub.hpp"

#include <infra/storage/verify.hpp>

#include <map>

namespace infra::storage {
namespace {

struct VerifyOnS3 : ::testing::Test {
    std::map<std::string, check_result, std::less<>> outcomes_of(stub::profile p) {
        s3 = std::make_unique<on_stub>(std::move(p));
        const storage files({.bucket = s3->bucket, .pause = {.delay = std::chrono::milliseconds(1)}});
        report = s3->loop.get(verify(files));
        std::map<std::string, check_result, std::less<>> all;
        for (const auto& each : report.checks)
            all.emplace(each.name, each);
        return all;
    }
    bool is_clean() {
        const auto page = s3->loop.get(s3->bucket->list({}, deadline::never()));
        return page.objects.empty() &&
               s3->loop.get(s3->bucket->list_uploads({}, {}, deadline::never())).uploads.empty();
    }

    std::unique_ptr<on_stub> s3;
    verify_report report;
};

TEST_F(VerifyOnS3, FindsNothingWrongWithAmazons) {
    for (const auto& [name, each] : outcomes_of(stub::aws()))
        EXPECT_EQ(each.outcome, outcome::works) << name << ": " << each.note;
    EXPECT_TRUE(report.usable());
    EXPECT_NE(report.store.find("s3"), std::string::npos) << report.store;
    EXPECT_TRUE(is_clean());
}

TEST_F(VerifyOnS3, MissesFormsInR2) {
    const auto all = outcomes_of(stub::r2());
    EXPECT_TRUE(report.usable());
    EXPECT_EQ(all.at("signed form").outcome, outcome::missing) << all.at("signed form").note;
    EXPECT_NE(all.at("signed form").note.find("PUT"), std::string::npos) << all.at("signed form").note;
    EXPECT_EQ(all.at("checksum").outcome, outcome::works) << "kept in the metadata";
    EXPECT_EQ(all.at("checksum, SHA-256").outcome, outcome::works) << "likewise";
    EXPECT_EQ(all.at("conditional create").outcome, outcome::works);
    EXPECT_TRUE(is_clean());
}

TEST_F(VerifyOnS3, CallsConditionsWrongThatAnOldStoreIgnores) {
    const auto all = outcomes_of(stub::old());
    EXPECT_FALSE(report.usable());
    EXPECT_EQ(all.at("conditional create").outcome, outcome::wrong) << all.at("conditional create").note;
    EXPECT_EQ(all.at("conditional replace").outcome, outcome::missing) << "known by then, and not asked for any more";
    EXPECT_EQ(all.at("signed put").outcome, outcome::works) << all.at("signed put").note;
    EXPECT_EQ(all.at("list").outcome, outcome::works) << all.at("list").note;
    EXPECT_TRUE(is_clean());
}

TEST_F(VerifyOnS3, MissesConditionsInAStoreThatRefusesThem) {
    const auto all = outcomes_of(stub::bare());
    EXPECT_EQ(all.at("conditional create").outcome, outcome::missing) << all.at("conditional create").note;
    EXPECT_EQ(all.at("remove many").outcome, outcome::works) << all.at("remove many").note;
    EXPECT_TRUE(is_clean());
}

TEST_F(VerifyOnS3, ShowsNoSignatureInItsNotes) {
    for (const auto& profile : {stub::r2(), stub::old(), stub::bare()})
        for (const auto& [name, each] : outcomes_of(profile))
            for (const char* secret : {"Signature", "Credential", "X-Amz"})
                EXPECT_EQ(each.note.find(secret), std::string::npos) << name << ": " << each.note;
}

} // namespace
} // namespace infra::storage
