// A store that is slow, broken or not S3 at all.

#include "on_stub.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;
using stub::trouble;

TEST(S3Bucket, PassesOnThatTheStoreAsksForPatience) {
    on_stub s3;
    s3.server.faults().add({.op = "put", .status = 503, .code = "SlowDown", .headers = {{"retry-after", "3"}}});
    const auto e = s3.put_failure("a", "hello");
    EXPECT_EQ(e.code(), errc::throttled);
    EXPECT_EQ(e.retry_after(), 3s);
    EXPECT_TRUE(e.retryable());
    EXPECT_TRUE(e.fresh_connection());
    EXPECT_FALSE(e.uncertain());
    EXPECT_EQ(s3.asked("put"), 1u); // trying again is storage's
}

TEST(S3Bucket, TakesANewConnectionAfterOneThatFailed) {
    on_stub s3;
    s3.put("a", "hello");
    s3.server.faults().add({.op = "put"}); // SlowDown
    s3.put_failure("b", "hello");
    const auto before = s3.last("put").connection;
    s3.put("b", "hello");
    EXPECT_NE(s3.last("put").connection, before);
}

TEST(S3Bucket, SeesAFailureInAnAnswerOfSuccess) {
    on_stub s3;
    s3.put("a", "hello");
    s3.server.faults().add({.op = "copy", .what = trouble::error_in_200, .code = "InternalError"});
    const auto e = s3.failure(s3.bucket->copy({.from = "a", .to = "b"}, s3.soon()));
    EXPECT_EQ(e.code(), infra::errc::unavailable);
    EXPECT_EQ(e.name(), "InternalError");
    EXPECT_TRUE(e.retryable());
    const auto upload = s3.loop.get(s3.bucket->begin_upload({.key = "c"}, s3.soon()));
    const auto one = s3.loop.get(s3.bucket->put_part(upload, 1, "hello", checksum_of("hello"), s3.soon()));
    s3.server.faults().add({.op = "complete", .what = trouble::error_in_200, .code = "InternalError"});
    EXPECT_TRUE(s3.failure(s3.bucket->complete_upload(upload, {one}, {.key = "c"}, s3.soon())).retryable());
    EXPECT_EQ(s3.loop.get(s3.bucket->complete_upload(upload, {one}, {.key = "c"}, s3.soon())).size, 5u);
}

TEST(S3Bucket, TakesNoObjectOfUntoldLengthForAnEmptyOne) {
    on_stub s3;
    s3.put("a", "hello");
    s3.server.faults().add({.op = "head", .what = trouble::no_length});
    const auto e = s3.failure(s3.bucket->head("a", {}, s3.soon()));
    EXPECT_EQ(e.code(), infra::errc::unavailable);
    EXPECT_NE(std::string(e.what()).find("how long the object is"), std::string::npos) << e.what();
    EXPECT_EQ(s3.head("a").size, 5u);
}

TEST(S3Bucket, TellsThatAnAnswerWasLostAndNotTheRequest) {
    for (const auto what : {trouble::reset_after, trouble::cut_request}) {
        on_stub s3;
        s3.server.faults().add({.op = "put", .what = what, .at = 1000});
        const auto e = s3.put_failure("a", std::string(100'000, 'x'));
        EXPECT_EQ(e.code(), infra::errc::unavailable);
        EXPECT_TRUE(e.retryable());
        EXPECT_TRUE(e.uncertain());
        EXPECT_TRUE(e.fresh_connection());
    }
}

TEST(S3Bucket, IsCertainThatNothingWasDoneWhereNobodyListens) {
    on_stub s3;
    std::string endpoint;
    {
        const asio::ip::tcp::acceptor gone(s3.loop.io, {asio::ip::address_v4::loopback(), 0});
        endpoint = "http://127.0.0.1:" + std::to_string(gone.local_endpoint().port());
    }
    const auto b = make_s3_bucket({.bucket = "photos", .endpoint = endpoint});
    const auto e = s3.failure(b->put({.key = "a"}, {.bytes = "x"}, s3.soon()));
    EXPECT_EQ(e.code(), infra::errc::unavailable);
    EXPECT_TRUE(e.retryable());
    EXPECT_FALSE(e.uncertain());
}

TEST(S3Bucket, HearsARefusalThatComesBeforeTheBodyIsSent) {
    on_stub s3;
    s3.server.faults().add({.op = "put", .what = trouble::early_answer, .status = 403, .code = "AccessDenied"});
    const auto e = s3.put_failure("a", std::string(8 << 20, 'x'));
    EXPECT_EQ(e.code(), errc::denied) << e.what();
}

TEST(S3Bucket, KeepsToItsDeadline) {
    on_stub s3;
    s3.server.faults().add({.what = trouble::silent, .wait = 10s});
    const auto limit = deadline::after(50ms);
    const auto e = s3.failure(s3.bucket->put({.key = "a"}, {.bytes = "x"}, limit));
    EXPECT_EQ(e.code(), infra::errc::timed_out);
    EXPECT_TRUE(e.retryable());
    EXPECT_TRUE(e.uncertain());
}

TEST(S3Bucket, LetsGoWhenItIsCancelled) {
    on_stub s3;
    s3.server.faults().add({.what = trouble::silent, .wait = 10s});
    asio::cancellation_signal signal;
    const auto done = s3.loop.spawn(s3.bucket->put({.key = "a"}, {.bytes = "x"}, s3.soon()), signal.slot());
    s3.loop.settle();
    s3.loop.cancel(signal);
    s3.loop.until([&] { return done->done(); });
    EXPECT_EQ(done->code(), asio::error::operation_aborted);
}

TEST(S3Bucket, GoesOnWithoutWhoeverCalled) {
    on_stub s3;
    s3.server.s3().put_pattern("a", 5'000'000);
    auto got = s3.loop.get(s3.bucket->get({.key = "a"}, s3.soon()));
    s3.bucket.reset();
    EXPECT_FALSE(s3.loop.get(got.pieces()).empty()); // what is under way keeps what it needs
}

TEST(S3Bucket, EndsNoBodyThatWasCut) {
    on_stub s3;
    s3.server.s3().put_pattern("a", 3'000'000);
    for (const std::uint64_t at : {0u, 1u, 1'000'000u, 2'999'999u}) {
        s3.server.faults().add({.op = "get", .what = trouble::cut_answer, .at = at});
        const auto e = s3.failure(whole(s3.bucket, {.key = "a"}, s3.soon()));
        EXPECT_EQ(e.code(), infra::errc::unavailable) << at;
        EXPECT_TRUE(e.retryable());
        EXPECT_FALSE(e.uncertain());
        EXPECT_TRUE(e.fresh_connection());
    }
    EXPECT_EQ(s3.get("a").size(), 3'000'000u);
}

TEST(S3Bucket, ReadsOnTheSameConnectionAgainOnceABodyIsRead) {
    on_stub s3;
    s3.server.s3().put_pattern("a", 1'000'000);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(s3.get("a").size(), 1'000'000u);
    EXPECT_EQ(s3.server.connections(), 1u);
}

TEST(S3Bucket, SaysWhatAnswersThatIsNotS3) {
    const std::string bodies[] = {"", "<html><h1>Welcome to nginx</h1></html>", std::string(10 << 20, 'x'), "<Error>",
                                  "{}"};
    for (const auto& body : bodies) {
        on_stub s3;
        s3.server.faults().add({.op = "list", .status = 200, .body = body});
        EXPECT_EQ(s3.failure(s3.bucket->list({}, s3.soon())).code(), infra::errc::unavailable) << body.substr(0, 20);
        for (const auto& [status, code] : {std::pair<int, boost::system::error_code>{502, infra::errc::unavailable},
                                           {403, errc::denied},
                                           {413, errc::too_large},
                                           {404, errc::not_found}}) {
            s3.server.faults().add({.op = "get", .status = status, .body = body});
            const auto e = s3.failure(s3.bucket->get({.key = "a"}, s3.soon()));
            if (body.size() < (1u << 20))
                EXPECT_EQ(e.code(), code) << status << body.substr(0, 20);
            EXPECT_LT(std::string_view(e.what()).size(), 1000u);
        }
    }
}

TEST(S3Bucket, RefusesWhatArrivedOtherwiseThanItWasSent) {
    on_stub s3;
    s3.put("first", "x");
    s3.server.faults().add({.op = "put", .what = trouble::flip_request, .at = 3});
    const auto e = s3.put_failure("a", "hello");
    EXPECT_EQ(e.code(), errc::integrity);
    EXPECT_TRUE(e.retryable());
    EXPECT_EQ(s3.failure(s3.bucket->head("a", {}, s3.soon())).code(), errc::not_found);
}

TEST(S3Bucket, SendsNothingWhereBytesAndChecksumDiffer) {
    on_stub s3(stub::old());
    s3.put("first", "x");
    const auto asked = s3.asked("put");
    const auto e =
        s3.failure(s3.bucket->put({.key = "a", .checksum = checksum_of("other")}, {.bytes = "hello"}, s3.soon()));
    EXPECT_EQ(e.code(), errc::integrity);
    EXPECT_EQ(s3.asked("put"), asked);
}

} // namespace
} // namespace infra::storage
