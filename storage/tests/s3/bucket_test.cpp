#include "on_stub.hpp"

#include <infra/runtime/environment.hpp>

#include <thread>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

TEST(S3Bucket, SaysWhereItIsAndNoMore) {
    const auto b = make_s3_bucket({.bucket = "photos",
                                   .region = "eu-central-1",
                                   .keys = {.access_key_id = "AKIA1", .secret_access_key = "s3cret"}});
    EXPECT_EQ(b->name(), "s3");
    EXPECT_EQ(b->description(), "s3://photos at s3.eu-central-1.amazonaws.com");
    EXPECT_TRUE(b->traits().remote);
    EXPECT_FALSE(b->traits().streams);
    const auto r2 = make_s3_bucket({.bucket = "photos", .endpoint = "https://abc.r2.cloudflarestorage.com"});
    EXPECT_EQ(r2->traits().max_remove, 700u);
    EXPECT_FALSE(r2->traits().signs_forms);
    EXPECT_EQ(r2->traits().sum, checksum_kind::crc64nvme);
}

TEST(S3Bucket, IsMadeOfItsUrlAndTheEnvironment) {
    stub::server server;
    const environment variables(
        {{"S3_ACCESS_KEY_ID", server.keys().access_key_id}, {"S3_SECRET_ACCESS_KEY", server.keys().secret_access_key}});
    testing::test_loop loop;
    for (const auto& url :
         {"s3+http" + server.endpoint().substr(4) + "/photos", "s3://photos?endpoint=" + server.endpoint()}) {
        const auto b = make_bucket(url, variables);
        loop.wait(b->ping(on_stub::soon()));
    }
    EXPECT_TRUE(knows_bucket("s3"));
    EXPECT_TRUE(knows_bucket("s3+http"));
}

TEST(S3Bucket, NamesItselfInTheHostWhereItIsToldTo) {
    on_stub s3(stub::aws(), [](s3_options& o) {
        o.endpoint.replace(o.endpoint.find("127.0.0.1"), 9, "localhost");
        o.addressing = addressing::virtual_host;
    });
    s3.put("ä b", "hello");
    EXPECT_EQ(s3.get("ä b"), "hello");
    EXPECT_TRUE(s3.last("get").header("host").starts_with("photos.localhost:"));
    EXPECT_EQ(s3.last("get").target, "/%C3%A4%20b");
}

TEST(S3Bucket, SignsNothingWithoutKeys) {
    on_stub s3(stub::options{.anonymous_reads = true}, [](s3_options& o) { o.keys = {}; });
    s3.server.s3().put_pattern("a", 10);
    EXPECT_EQ(s3.get("a").size(), 10u);
    EXPECT_EQ(s3.last("get").header("authorization"), "");
    EXPECT_EQ(s3.put_failure("b", "x").code(), errc::denied);
    EXPECT_EQ(s3.failure(s3.bucket->sign("a", 1h, {})).code(), errc::unsupported);
}

TEST(S3Bucket, SendsTheTokenOfTemporaryKeys) {
    on_stub s3(stub::options{.keys = {.access_key_id = "ASIA1", .secret_access_key = "s", .session_token = "t0ken"}});
    s3.put("a", "hello");
    EXPECT_EQ(s3.last("put").header("x-amz-security-token"), "t0ken");
    EXPECT_NE(s3.loop.get(s3.bucket->sign("a", 1h, {})).url.find("X-Amz-Security-Token=t0ken"), std::string::npos);
}

TEST(S3Bucket, AsksForOtherKeysOnceAStoreCallsThemExpired) {
    int asked = 0;
    credentials good;
    on_stub s3(stub::aws(), [&](s3_options& o) {
        good = o.keys;
        o.keys = {};
        o.ask_for_keys = [&]() -> awaitable<credentials> {
            ++asked;
            co_return good;
        };
    });
    s3.put("a", "hello");
    EXPECT_EQ(asked, 1);
    s3.server.faults().add({.status = 400, .code = "ExpiredToken"});
    s3.put("b", "hello");
    EXPECT_EQ(asked, 2);
}

TEST(S3Bucket, SaysWhyThereAreNoKeys) {
    on_stub s3(stub::aws(), [&](s3_options& o) {
        o.keys = {};
        o.ask_for_keys = []() -> awaitable<credentials> { throw std::runtime_error("the vault is shut"); };
    });
    const auto e = s3.put_failure("a", "hello");
    EXPECT_EQ(e.code(), infra::errc::unavailable);
    EXPECT_STREQ(e.what(), "put a: the credentials cannot be had: the vault is shut");
}

TEST(S3Bucket, SaysWhatToCheckWhenTheSecretIsWrong) {
    on_stub s3(stub::aws(), [](s3_options& o) { o.keys.secret_access_key = "wrong-s3cret"; });
    const auto e = s3.put_failure("a", "hello");
    EXPECT_EQ(e.code(), errc::denied);
    EXPECT_EQ(e.name(), "SignatureDoesNotMatch");
    EXPECT_EQ(e.status(), 403);
    EXPECT_FALSE(e.request_id().empty());
    EXPECT_NE(std::string_view(e.what()).find("check S3_SECRET_ACCESS_KEY"), std::string_view::npos) << e.what();
    EXPECT_EQ(std::string_view(e.what()).find("s3cret"), std::string_view::npos);
    EXPECT_FALSE(e.retryable());
}

TEST(S3Bucket, SaysThatItIsNotThere) {
    on_stub s3(stub::aws(), [](s3_options& o) { o.bucket = "films"; });
    EXPECT_EQ(s3.put_failure("a", "hello").code(), errc::no_bucket);
    EXPECT_EQ(s3.failure(s3.bucket->list({}, s3.soon())).code(), errc::no_bucket);
    EXPECT_EQ(s3.loop.run(s3.bucket->ping(s3.soon()))->code(), errc::no_bucket);
}

TEST(S3Bucket, KeepsUnicodeAndEdgesInMetadata) {
    on_stub s3;
    auto what = s3.request("a", "hello");
    what.attributes.metadata = {
        {"who", "Jürgen 😀"}, {"rate", "50%"}, {"odd", "100%25"}, {"empty", ""}, {"edges", " x "}};
    s3.loop.get(s3.bucket->put(what, {.bytes = "hello"}, s3.soon()));
    EXPECT_EQ(s3.head("a").metadata, what.attributes.metadata);
}

TEST(S3Bucket, SignsForItsPublicName) {
    on_stub s3(stub::aws(), [](s3_options& o) { o.public_endpoint = "https://files.example"; });
    const auto by = s3.loop.get(s3.bucket->sign("a b", 1h, {}));
    EXPECT_TRUE(by.url.starts_with("https://files.example/photos/a%20b?")) << by.url;
    const auto form = s3.loop.get(s3.bucket->sign_form({.key = "a"}, 1h));
    EXPECT_EQ(form.url, "https://files.example/photos");
    EXPECT_TRUE(s3.loop.get(s3.bucket->sign_part({"a", "u"}, 1, 1h)).starts_with("https://files.example/photos/a?"));
}

TEST(S3Bucket, AdvisesWhereThereAreNoForms) {
    testing::test_loop loop;
    for (const auto* const where : {"https://abc.r2.cloudflarestorage.com", "https://s3.us-west-004.backblazeb2.com"}) {
        const auto b = make_s3_bucket(
            {.bucket = "photos", .endpoint = where, .keys = {.access_key_id = "A", .secret_access_key = "s"}});
        const auto done = loop.run(b->sign_form({.key = "a"}, 1h));
        EXPECT_EQ(done->code(), errc::unsupported);
        EXPECT_NE(done->what().find("signed URL"), std::string::npos);
    }
}

TEST(S3Bucket, PinsNoChecksumThatTheStoreWouldNotSee) {
    on_stub s3(stub::old());
    s3.put("a", "hello");
    const auto e =
        s3.failure(s3.bucket->sign("a", 1h, {.method = http::method::put, .checksum = checksum_of("hello")}));
    EXPECT_EQ(e.code(), errc::unsupported);
}

TEST(S3Bucket, AnnouncesNoChecksumsForPartsOfOthers) {
    on_stub s3;
    auto what = s3.request("a", "hello");
    what.checksum.reset();
    s3.loop.get(s3.bucket->begin_upload(what, s3.soon()));
    EXPECT_EQ(s3.last("begin").header("x-amz-checksum-algorithm"), "CRC32C");
    EXPECT_EQ(s3.last("begin").header("x-amz-checksum-type"), "FULL_OBJECT");
    what.parts_by_others = true;
    s3.loop.get(s3.bucket->begin_upload(what, s3.soon()));
    EXPECT_EQ(s3.last("begin").header("x-amz-checksum-algorithm"), "");
}

TEST(S3Bucket, TellsTheWholesChecksumAtTheEnd) {
    on_stub s3;
    const std::string bytes = "hello";
    auto what = s3.request("a", bytes);
    const auto upload = s3.loop.get(s3.bucket->begin_upload(what, s3.soon()));
    const auto one = s3.loop.get(s3.bucket->put_part(upload, 1, bytes, checksum_of(bytes), s3.soon()));
    const auto made = s3.loop.get(s3.bucket->complete_upload(upload, {one}, what, s3.soon()));
    EXPECT_EQ(s3.last("complete").header("x-amz-checksum-crc32c"), checksum_of(bytes).base64());
    EXPECT_EQ(made.checksum, checksum_of(bytes));
    EXPECT_EQ(made.size, 5u);
    EXPECT_EQ(made.etag, s3.head("a").etag);
}

TEST(S3Bucket, KeepsTheLengthOfPartsWhereAStoreMayKeepTheirChecksumsAlone) {
    on_stub whole, parts(stub::composite());
    const auto kept_by = [](on_stub& s3) {
        s3.loop.get(s3.bucket->begin_upload({.key = "a", .part_size = 5 << 20}, s3.soon()));
        return s3.last("begin").header("x-amz-meta-infra-part-size");
    };
    for (auto* const unknown : {&whole, &parts})
        EXPECT_EQ(kept_by(*unknown), "5242880");
    EXPECT_EQ(kept_by(whole), "");
    EXPECT_EQ(kept_by(parts), "5242880");
}

TEST(S3Bucket, KeepsTheWholesChecksumOfAnUploadInTheMetadataWhereItIsKnownBefore) {
    on_stub s3(stub::old());
    s3.put("first", "x");
    const std::string bytes = "hello";
    auto what = s3.request("a", bytes);
    const auto upload = s3.loop.get(s3.bucket->begin_upload(what, s3.soon()));
    const auto one = s3.loop.get(s3.bucket->put_part(upload, 1, bytes, checksum_of(bytes), s3.soon()));
    s3.loop.get(s3.bucket->complete_upload(upload, {one}, what, s3.soon()));
    EXPECT_EQ(s3.head("a").checksum, checksum_of(bytes));
}

TEST(S3Bucket, TakesCallsFromManyThreads) {
    on_stub s3;
    std::vector<std::thread> all;
    for (int i = 0; i < 4; ++i)
        all.emplace_back([&, i] {
            testing::test_loop mine;
            for (int n = 0; n < 20; ++n) {
                const auto key = std::to_string(i) + "/" + std::to_string(n);
                mine.get(s3.bucket->put(s3.request(key, key), {.bytes = key}, s3.soon()));
                EXPECT_EQ(mine.get(whole(s3.bucket, {.key = key}, s3.soon())), key);
            }
        });
    for (auto& each : all)
        each.join();
    EXPECT_EQ(s3.asked("put"), 80u);
}

TEST(S3Bucket, RunsOnALoopThatIsGiven) {
    on_stub* self = nullptr;
    testing::test_loop loop;
    on_stub s3(stub::aws(), [&](s3_options& o) { o.loop = loop.get_executor(); });
    self = &s3;
    loop.get(self->bucket->put(s3.request("a", "hello"), {.bytes = "hello"}, s3.soon()));
    EXPECT_EQ(loop.get(whole(s3.bucket, {.key = "a"}, s3.soon())), "hello");
}

} // namespace
} // namespace infra::storage
