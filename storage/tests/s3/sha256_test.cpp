// SHA-256 as the checksum of objects: what the store is told, what it keeps, what is compared, and that others agree.

#include "proof.hpp"
#include "support.hpp"

#include "tests/peer.hpp"

#include <infra/base/json.hpp>

namespace infra::storage {
namespace {

using namespace proof;

constexpr auto kind = checksum_kind::sha256;

struct S3Sha256 : ::testing::Test {
    stub::server s3{{}};
    infra::storage::storage files{options()};
    const std::string large = bytes(2 * part_bytes + 12'345, 1);
    const temporary_folder folder;

    storage_options options() const {
        auto made = impatient(bucket_at(s3.endpoint(), s3.keys()));
        made.checksum = kind;
        return made;
    }
    composite_checksum of_parts() const {
        running_composite sum(kind);
        for (std::size_t at = 0; at < large.size(); at += part_bytes)
            sum.add(checksum_of(std::string_view(large).substr(at, part_bytes), kind));
        return sum.value();
    }
    content in_pieces() const {
        const auto at = std::make_shared<std::size_t>(0);
        return pieces{[all = large, at]() -> awaitable<std::string> {
            auto next = all.substr(*at, 1 << 20);
            *at += next.size();
            co_return next;
        }};
    }
};

TEST_F(S3Sha256, IsOfTheWholeWhereTheObjectGoesAsOne) {
    EXPECT_EQ(wait(files.put("a", "hello")).checksum, checksum_of("hello", kind));
    EXPECT_EQ(s3.s3().objects().at("a").checksums.at("sha256"), "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    EXPECT_EQ(wait(files.get("a")).info.checksum, checksum_of("hello", kind));
    wait(files.put("b", "hello", {.checksum = checksum_kind::crc64nvme})); // what a call says goes first
    EXPECT_TRUE(s3.s3().objects().at("b").checksums.contains("crc64nvme"));
}

TEST_F(S3Sha256, IsOfThePartsHoweverTheyCome) {
    const auto from = folder.write("from", large);
    const content sources[] = {content(large), content(file{from}), in_pieces()};
    for (const auto& source : sources) {
        const auto made = wait(files.put("a", source));
        EXPECT_EQ(made.composite, of_parts());
        EXPECT_FALSE(made.checksum);
        const auto there = wait(files.head("a"));
        EXPECT_EQ(there->composite, of_parts());
        EXPECT_EQ(there->part_size, part_bytes);
        EXPECT_TRUE(there->metadata.empty());
        EXPECT_TRUE(wait(files.get("a")).bytes == large);
        wait(files.download("a", folder / "to", {.part_size = 1 << 20}));
        EXPECT_TRUE(contents_of(folder / "to") == large);
        EXPECT_TRUE(s3.s3().uploads().empty());
    }
}

TEST_F(S3Sha256, IsOfThePartsOfAnUploadThatOutlivesACall) {
    const auto up = wait(files.begin_upload("a"));
    wait(up.put_part(2, large.substr(part_bytes, part_bytes)));
    const auto again = wait(files.resume_upload(up.token()));
    wait(again.put_file(folder.write("from", large)));
    EXPECT_EQ(wait(again.complete()).composite, of_parts());
    EXPECT_TRUE(wait(files.get("a")).bytes == large);
}

TEST_F(S3Sha256, TellsWhatWasDoneWhereTheAnswerToCompleteIsLost) {
    for (const auto what : {stub::trouble::reset_after, stub::trouble::cut_answer}) {
        s3.faults().add({.op = "complete", .times = 1, .what = what});
        EXPECT_EQ(wait(files.put("a", large)).composite, of_parts());
    }
}

TEST_F(S3Sha256, IsWhatTheSdkOfAwsComputes) {
    if (const auto why = peer::missing("@aws-sdk/client-s3"); !why.empty())
        GTEST_SKIP() << why;
    wait(files.put("one", "hello"));
    wait(files.put("parts", large));
    const auto found = peer::output_of("sha256.mjs", s3.endpoint() + " AKIDSTUB stub-secret " + s3.bucket() + " " +
                                                         std::to_string(part_bytes));
    const auto word = [&](const char* key, const char* name) {
        return std::string(found.at(key).at(name).as_string());
    };
    EXPECT_EQ(word("one", "said"), word("one", "whole"));
    EXPECT_EQ(word("one", "type"), "FULL_OBJECT");
    EXPECT_EQ(word("parts", "said"), word("parts", "parts"));
    EXPECT_EQ(word("parts", "type"), "COMPOSITE");
}

} // namespace
} // namespace infra::storage
