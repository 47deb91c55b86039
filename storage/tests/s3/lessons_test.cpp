// What a store turns out to be like is found out once, and then known.

#include "on_stub.hpp"

#include "src/s3/store.hpp"

#include <infra/base/clock.hpp>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

TEST(S3Bucket, FollowsItsBucketIntoAnotherRegionAndStaysThere) {
    for (const int status : {301, 307, 400}) {
        on_stub s3(stub::options{.region = "eu-west-1"});
        s3.server.faults().add(stub::redirect(status, "eu-west-1"));
        s3.put("a", "hello");
        EXPECT_EQ(s3.asked("put"), 2u) << status;
        EXPECT_NE(s3.last("put").header("authorization").find("/eu-west-1/s3/"), std::string::npos);
        s3.put("b", "hello");
        EXPECT_EQ(s3.asked("put"), 3u);
    }
}

TEST(S3Bucket, FindsTheRegionByItselfWhereTheStoreTellsIt) {
    on_stub s3(stub::options{.region = "eu-west-1"});
    EXPECT_EQ(s3.put("a", "hello").size, 5u); // the stub refuses a signature for us-east-1, and names its region
    EXPECT_EQ(s3.get("a"), "hello");
    on_stub fresh(stub::options{.region = "eu-west-1"});
    EXPECT_EQ(fresh.failure(fresh.bucket->head("a", {}, fresh.soon())).code(),
              errc::not_found); // a HEAD has no body to tell it
}

TEST(S3Bucket, IsLookedForWhereAwsHasTheRegion) {
    s3::store at({.bucket = "photos"});
    EXPECT_EQ(at.where().host(), "photos.s3.us-east-1.amazonaws.com");
    const s3::complaint c{.region = "eu-west-1"};
    at.learned().take(s3::lesson::region, {}, c, {});
    EXPECT_EQ(at.where().host(), "photos.s3.eu-west-1.amazonaws.com");
}

TEST(S3Bucket, SignsTheBodyWhereNothingElseKeepsItFromBeingChanged) {
    EXPECT_EQ(s3::payload_without_hash({.secure = true}, 1), "UNSIGNED-PAYLOAD");
    EXPECT_EQ(s3::payload_without_hash({.secure = false}, 1), "");
    on_stub clear;
    clear.put("a", "hello");
    EXPECT_EQ(clear.last("put").header("x-amz-content-sha256"), sigv4::payload_hash("hello"));
}

TEST(S3Bucket, DoesNotFollowFromRegionToRegionForEver) {
    on_stub s3;
    for (int i = 0; i < 10; ++i)
        s3.server.faults().add(stub::redirect(301, "region-" + std::to_string(i)));
    const auto e = s3.put_failure("a", "hello");
    EXPECT_EQ(e.code(), infra::errc::misconfigured);
    EXPECT_EQ(s3.asked("put"), 3u);
}

TEST(S3Bucket, SetsItsClockByTheStores) {
    for (const auto skew : {-5h, 3h}) {
        on_stub s3;
        s3.server.s3().skew(skew);
        s3.put("a", "hello");
        EXPECT_EQ(s3.asked("put"), 2u);
        s3.put("b", "hello");
        EXPECT_EQ(s3.asked("put"), 3u);
        s3.server.s3().skew(0s);
        EXPECT_EQ(s3.get("a"), "hello"); // and back
    }
}

TEST(S3Bucket, SetsItsClockByTheDateOfAHeadThatIsRefused) {
    on_stub s3;
    s3.put("a", "hello");
    s3.server.s3().skew(3h);
    EXPECT_EQ(s3.head("a").size, 5u);
}

TEST(S3Bucket, TellsTheFirstPutInBothWaysAndThenByHeaderAlone) {
    on_stub s3;
    s3.put("a", "hello");
    EXPECT_EQ(s3.last("put").header("content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
    EXPECT_NE(s3.last("put").header("x-amz-checksum-crc32c"), "");
    s3.put("b", "hello");
    EXPECT_EQ(s3.last("put").header("content-md5"), "");
    EXPECT_NE(s3.last("put").header("x-amz-checksum-crc32c"), "");
    EXPECT_TRUE(s3.bucket->traits().keeps_checksums);
    for (const auto* const key : {"a", "b"}) {
        EXPECT_EQ(s3.head(key).checksum, checksum_of("hello"));
        EXPECT_TRUE(s3.head(key).metadata.empty());
    }
}

TEST(S3Bucket, KeepsTheChecksumInTheMetadataWhereTheStoreKeepsNone) {
    for (const auto& like : {stub::old(), stub::bare()}) {
        on_stub s3(like);
        s3.put("a", "hello");
        const auto asked = s3.asked("put");
        s3.put("b", "hello");
        EXPECT_EQ(s3.asked("put"), asked + 1) << like.name;
        EXPECT_EQ(s3.last("put").header("x-amz-checksum-crc32c"), "");
        EXPECT_EQ(s3.last("put").header("content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
        for (const auto* const key : {"a", "b"}) {
            EXPECT_EQ(s3.head(key).checksum, checksum_of("hello")) << like.name << key;
            EXPECT_TRUE(s3.head(key).metadata.empty());
        }
        EXPECT_FALSE(s3.bucket->traits().keeps_checksums);
    }
}

TEST(S3Bucket, CarriesTheChecksumAlongWhenACopyGetsOtherAttributes) {
    on_stub s3(stub::old());
    s3.put("a", "hello");
    const copy_request other{.from = "a", .to = "b", .attributes = object_attributes{.content_type = "text/css"}};
    const auto made = s3.loop.get(s3.bucket->copy(other, s3.soon()));
    EXPECT_EQ(made.checksum, checksum_of("hello"));
    EXPECT_EQ(made.content_type, "text/css");
    EXPECT_EQ(made.size, 5u);
}

TEST(S3Bucket, TellsChecksumsAsItIsTold) {
    const struct {
        checksums how;
        bool header, md5;
    } table[] = {
        {checksums::by_header, true, false}, {checksums::by_md5, false, true}, {checksums::none, false, false}};
    for (const auto& row : table) {
        on_stub s3(stub::aws(), [&](s3_options& o) { o.checksums = row.how; });
        s3.put("a", "hello");
        EXPECT_EQ(s3.last("put").header("x-amz-checksum-crc32c") != "", row.header);
        EXPECT_EQ(s3.last("put").header("content-md5") != "", row.md5);
    }
    on_stub refusing(stub::bare(), [](s3_options& o) { o.checksums = checksums::by_header; });
    EXPECT_EQ(refusing.put_failure("a", "hello").code(), errc::unsupported);
}

TEST(S3Bucket, KnowsTheOtherChecksumToo) {
    on_stub s3(stub::aws(), [](s3_options& o) { o.checksum = checksum_kind::crc64nvme; });
    s3.put("a", "hello");
    EXPECT_NE(s3.last("put").header("x-amz-checksum-crc64nvme"), "");
    EXPECT_EQ(s3.head("a").checksum, checksum_of("hello", checksum_kind::crc64nvme));
}

TEST(S3Bucket, FindsOutOnceThatConditionsAreHonoured) {
    on_stub s3;
    s3.put("a", "hello", {.if_absent = true});
    EXPECT_EQ(s3.asked("put"), 2u); // the second is refused, which is what it was to show
    s3.put("b", "hello", {.if_absent = true});
    EXPECT_EQ(s3.asked("put"), 3u);
    EXPECT_EQ(s3.put_failure("b", "other", {.if_absent = true}).code(), errc::precondition);
    EXPECT_TRUE(s3.bucket->traits().conditional_writes);
}

TEST(S3Bucket, TakesNoRemoveInBetweenForAnIgnoredCondition) {
    on_stub s3;
    s3.server.faults().add({.op = "put", .after = 1, .what = stub::trouble::removed_before});
    s3.put("a", "hello", {.if_absent = true});
    EXPECT_EQ(s3.get("a"), "hello");
    EXPECT_EQ(s3.asked("put"), 3u);
    EXPECT_TRUE(s3.bucket->traits().conditional_writes);
    s3.put("b", "hello", {.if_absent = true});
    EXPECT_EQ(s3.asked("put"), 4u); // known from then on
}

TEST(S3Bucket, PutsNothingAnewThatAnotherHasRemovedToFindOutOfConditions) {
    on_stub s3;
    s3.server.faults().add({.op = "head", .what = stub::trouble::removed_before});
    s3.put("a", "hello", {.if_absent = true});
    EXPECT_EQ(s3.asked("put"), 1u);
    EXPECT_TRUE(s3.server.s3().objects().empty());
    s3.put("b", "hello", {.if_absent = true}); // finds out
    EXPECT_EQ(s3.asked("put"), 3u);
}

TEST(S3Bucket, FindsOutOfConditionsOnAVersionWhateverOthersPut) {
    on_stub s3;
    const auto first = s3.put("a", "same");
    s3.put("a", "same", {.if_match = first.etag}); // has the ETag again, so that the same condition would hold again
    EXPECT_EQ(s3.asked("put"), 3u);
    s3.put("a", "other", {.if_match = first.etag});
    EXPECT_EQ(s3.asked("put"), 4u);
    on_stub old(stub::old());
    old.put("a", "same");
    EXPECT_EQ(old.put_failure("a", "same", {.if_match = "e"}).code(), errc::unsupported);
}

TEST(S3Bucket, SaysThatAConditionWasIgnoredInsteadOfRelyingOnIt) {
    on_stub s3(stub::old());
    const auto e = s3.put_failure("a", "hello", {.if_absent = true});
    EXPECT_EQ(e.code(), errc::unsupported);
    EXPECT_TRUE(e.uncertain());
    EXPECT_FALSE(s3.bucket->traits().conditional_writes);
    const auto asked = s3.asked("put");
    EXPECT_EQ(s3.put_failure("a", "hello", {.if_match = "x"}).code(), errc::unsupported);
    EXPECT_EQ(s3.asked("put"), asked); // refused before it is asked
}

TEST(S3Bucket, FindsOutOfCopiesByThemselves) {
    on_stub s3;
    s3.put("a", "hello");
    const copy_request create{.from = "a", .to = "b", .write = {.if_absent = true}};
    s3.loop.get(s3.bucket->copy(create, s3.soon()));
    EXPECT_EQ(s3.asked("copy"), 2u);
    EXPECT_EQ(s3.failure(s3.bucket->copy(create, s3.soon())).code(), errc::precondition);
    EXPECT_EQ(s3.asked("copy"), 3u);
    on_stub ignoring(stub::old());
    ignoring.put("a", "hello");
    EXPECT_EQ(ignoring.failure(ignoring.bucket->copy(create, s3.soon())).code(), errc::unsupported);
    EXPECT_TRUE(ignoring.bucket->traits().conditional_writes); // of puts nothing is known yet
}

TEST(S3Bucket, RemovesNothingOnAConditionThatTheStoreWouldIgnore) {
    on_stub s3(stub::old());
    s3.put_failure("a", "hello", {.if_absent = true});
    EXPECT_EQ(s3.loop.run(s3.bucket->remove("a", "other", s3.soon()))->code(), errc::unsupported);
    EXPECT_EQ(s3.get("a"), "hello");
}

TEST(S3Bucket, ListsInVersionOneWhereTheOtherIsNotUnderstood) {
    on_stub s3(stub::old());
    for (const auto* const key : {"a", "b", "c"})
        s3.put(key, "x");
    const auto page = s3.loop.get(s3.bucket->list({.start_after = "a", .limit = 1}, s3.soon()));
    ASSERT_EQ(page.objects.size(), 1u);
    EXPECT_EQ(page.objects[0].key, "b");
    const auto next = s3.loop.get(s3.bucket->list({.token = page.token}, s3.soon()));
    ASSERT_EQ(next.objects.size(), 1u);
    EXPECT_EQ(next.objects[0].key, "c");
    EXPECT_EQ(s3.asked("list"), 3u);
}

TEST(S3Bucket, RemovesOneByOneWhereManyAreRefused) {
    on_stub s3(stub::bare());
    s3.put("a", "x");
    EXPECT_EQ(s3.loop.get(s3.bucket->remove_many({"a", "b"}, s3.soon())).size(), 2u);
    EXPECT_EQ(s3.asked("remove"), 2u);
    EXPECT_EQ(s3.asked("remove_many"), 1u);
    s3.loop.get(s3.bucket->remove_many({"a"}, s3.soon()));
    EXPECT_EQ(s3.asked("remove_many"), 1u);
    EXPECT_EQ(s3.bucket->traits().max_remove, 1u);
}

} // namespace
} // namespace infra::storage
