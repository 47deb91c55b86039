#include "src/s3/failure.hpp"

#include <infra/http_client/client_errc.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::storage::s3 {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

std::string error_body(std::string_view code, std::string_view message = "why", std::string_view more = {}) {
    return std::string("<?xml version=\"1.0\"?><Error><Code>")
        .append(code)
        .append("</Code><Message>")
        .append(message)
        .append("</Message>")
        .append(more)
        .append("<RequestId>r1</RequestId></Error>");
}

const asked put_a{.what = "put a", .key_id = "AKIA1", .region = "eu-central-1", .bucket = "photos"};
const asked list_photos{.what = "list photos", .of_object = false, .changes = false, .bucket = "photos"};

storage_error of(int status, std::string body, const asked& by = put_a, http::headers headers = {}) {
    return failure_of(answer{status, std::move(headers), std::move(body)}, by, wall_time{});
}

struct row {
    int status;
    std::string name;
    error_code code;
    bool retryable = false;
    bool uncertain = false;
    bool fresh = false;
};

TEST(S3Failure, IsToldByTheStoresWord) {
    const row table[] = {
        {403, "SignatureDoesNotMatch", errc::denied},
        {403, "InvalidAccessKeyId", errc::denied},
        {400, "ExpiredToken", errc::denied},
        {400, "InvalidToken", errc::denied},
        {403, "RequestTimeTooSkewed", errc::denied},
        {403, "AccessDenied", errc::denied},
        {404, "NoSuchBucket", errc::no_bucket},
        {404, "NoSuchKey", errc::not_found},
        {404, "NoSuchUpload", errc::no_upload},
        {412, "PreconditionFailed", errc::precondition},
        {409, "ConditionalRequestConflict", errc::precondition, true},
        {409, "OperationAborted", infra::errc::unavailable, true},
        {416, "InvalidRange", errc::bad_range},
        {400, "BadDigest", errc::integrity, true},
        {400, "XAmzContentChecksumMismatch", errc::integrity, true},
        {400, "IncompleteBody", errc::integrity, true},
        {400, "EntityTooLarge", errc::too_large},
        {400, "EntityTooSmall", errc::refused},
        {400, "InvalidPart", errc::refused},
        {403, "QuotaExceeded", errc::full},
        {507, "XMinioStorageFull", errc::full},
        {501, "NotImplemented", errc::unsupported},
        {405, "MethodNotAllowed", errc::unsupported},
        {301, "PermanentRedirect", infra::errc::misconfigured},
        {400, "AuthorizationHeaderMalformed", infra::errc::misconfigured},
        {503, "SlowDown", errc::throttled, true, false, true},
        {400, "RequestTimeout", infra::errc::unavailable, true, false, true},
        {503, "ServiceUnavailable", infra::errc::unavailable, true},
        {500, "InternalError", infra::errc::unavailable, true, true},
        {200, "InternalError", infra::errc::unavailable, true, true},
        {400, "SomethingNew", errc::refused},
        {403, "SomethingNew", errc::denied},
        {503, "SomethingNew", infra::errc::unavailable, true, true},
    };
    for (const auto& r : table) {
        const auto e = of(r.status, error_body(r.name));
        EXPECT_EQ(e.code(), r.code) << r.name;
        EXPECT_EQ(e.name(), r.name);
        EXPECT_EQ(e.status(), r.status);
        EXPECT_EQ(e.request_id(), "r1");
        EXPECT_EQ(e.retryable(), r.retryable) << r.name;
        EXPECT_EQ(e.uncertain(), r.uncertain) << r.name;
        EXPECT_EQ(e.fresh_connection(), r.fresh) << r.name;
        EXPECT_TRUE(std::string_view(e.what()).starts_with("put a: ")) << e.what();
    }
}

TEST(S3Failure, IsToldByTheStatusWhereThereIsNoWord) {
    const row table[] = {
        {304, "not_modified", errc::precondition},
        {400, "refused", errc::refused},
        {401, "denied", errc::denied},
        {403, "denied", errc::denied},
        {404, "not_found", errc::not_found},
        {405, "unsupported", errc::unsupported},
        {408, "unavailable", infra::errc::unavailable, true, false, true},
        {409, "unavailable", infra::errc::unavailable, true},
        {412, "precondition", errc::precondition},
        {413, "too_large", errc::too_large},
        {416, "bad_range", errc::bad_range},
        {429, "throttled", errc::throttled, true, false, true},
        {499, "unavailable", infra::errc::unavailable, true, true},
        {500, "unavailable", infra::errc::unavailable, true, true},
        {501, "unsupported", errc::unsupported},
        {502, "unavailable", infra::errc::unavailable, true, true},
        {503, "unavailable", infra::errc::unavailable, true, true},
        {504, "unavailable", infra::errc::unavailable, true, true},
        {507, "full", errc::full},
    };
    for (const std::string body : {"", "<html><h1>Oops</h1></html>", "<Error>", "{\"Code\":\"NoSuchKey\"}"})
        for (const auto& r : table) {
            const auto e = of(r.status, body);
            EXPECT_EQ(e.code(), r.code) << r.status;
            if (e.code().category() == storage_category())
                EXPECT_EQ(e.name(), r.name) << r.status;
            EXPECT_EQ(e.retryable(), r.retryable) << r.status;
            EXPECT_EQ(e.uncertain(), r.uncertain) << r.status;
        }
    EXPECT_EQ(of(404, "", list_photos).code(), errc::no_bucket);
    EXPECT_FALSE(of(500, "", list_photos).uncertain());
}

TEST(S3Failure, SaysWhatToCheck) {
    const std::pair<std::string, std::string> table[] = {
        {"SignatureDoesNotMatch",
         "put a: the signature is not the one that the store computes; check S3_SECRET_ACCESS_KEY, this machine's "
         "clock, the "
         "region and proxies that change paths or Host; the access key is AKIA1, the region eu-central-1 (403 "
         "SignatureDoesNotMatch)"},
        {"InvalidAccessKeyId",
         "put a: the store does not know the access key; check S3_ACCESS_KEY_ID and S3_ENDPOINT; the access "
         "key is AKIA1, the region eu-central-1 (403 InvalidAccessKeyId)"},
        {"NoSuchBucket",
         "put a: the store has no such bucket; check S3_BUCKET and S3_ENDPOINT, or create it; the bucket is "
         "photos (403 NoSuchBucket)"},
        {"Odd", "put a: the credentials are not allowed to; check the policies of the key and of the bucket; the "
                "access key is "
                "AKIA1, the region eu-central-1 (403 Odd)"},
    };
    for (const auto& [code, sentence] : table)
        EXPECT_EQ(std::string(of(403, error_body(code)).what()), sentence);
    EXPECT_EQ(
        std::string(of(403, "").what()), // HEAD's answers have no body
        "put a: the store refuses without saying why, as it does after a HEAD; check S3_SECRET_ACCESS_KEY, this "
        "machine's clock, the region, and the policies of the key and of the bucket; the access key is AKIA1, the "
        "region eu-central-1 (403)");
    EXPECT_EQ(std::string(of(400, error_body("Odd", "Because\nof <b>that</b>")).what()),
              "put a: the store does not take the request (400 Odd): Because of ");
    EXPECT_EQ(std::string(
                  of(301, error_body("PermanentRedirect", "", "<Endpoint>photos.s3.eu-west-1.amazonaws.com</Endpoint>"))
                      .what()),
              "put a: the bucket is in another region; check S3_REGION and S3_ENDPOINT; it is in eu-west-1 (301 "
              "PermanentRedirect)");
}

TEST(S3Failure, KeepsToItselfWhatCouldBeASecret) {
    const std::string secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const std::string signature(64, 'a');
    for (const auto& words :
         {secret, "key=" + secret + " x", "Signature=" + signature, "token " + std::string(500, 'T')}) {
        const auto text = shown(words);
        EXPECT_EQ(text.find(secret), std::string::npos);
        EXPECT_EQ(text.find(signature), std::string::npos);
        EXPECT_EQ(text.find(std::string(40, 'T')), std::string::npos);
        EXPECT_NE(text.find("…"), std::string::npos);
    }
    EXPECT_EQ(shown("two\r\nlines"), "two  lines");
    EXPECT_LE(shown(std::string(10'000, ' ') + "x").size(), 303u);
    EXPECT_TRUE(of(400, error_body("<b>", "x")).name() == "refused");
    EXPECT_TRUE(of(400, error_body(std::string(100, 'C'))).name() == "refused");
}

TEST(S3Failure, ComplainsInElementsOrHeaders) {
    const auto c =
        complaint_of({403,
                      {{"x-amz-request-id", "h1"}, {"x-amz-bucket-region", "eu-west-2"}},
                      error_body("X", "m", "<Region>eu-west-1</Region><ServerTime>2026-01-02T12:00:00Z</ServerTime>")});
    EXPECT_EQ(c.code, "X");
    EXPECT_EQ(c.request_id, "h1");
    EXPECT_EQ(c.region, "eu-west-2");
    EXPECT_EQ(c.server_time, "2026-01-02T12:00:00Z");
    EXPECT_EQ(complaint_of({400, {}, error_body("X", "m", "<Region>eu-west-1</Region>")}).region, "eu-west-1");
    EXPECT_EQ(complaint_of({400, {}, "<ErrorResponse xmlns=\"x\"><Error><Code>X</Code></Error></ErrorResponse>"}).code,
              "X");
    const std::pair<std::string, std::string> places[] = {
        {"https://photos.s3.eu-west-1.amazonaws.com/a", "eu-west-1"},
        {"https://photos.s3-eu-west-1.amazonaws.com/a", "eu-west-1"},
        {"https://s3.amazonaws.com/photos", ""},
        {"https://elsewhere.example/", ""},
    };
    for (const auto& [place, region] : places)
        EXPECT_EQ(complaint_of({307, {{"location", place}}, ""}).region, region) << place;
    EXPECT_EQ(complaint_of({400, {{"x-amz-bucket-region", "eu\"west"}}, ""}).region, "");
}

TEST(S3Failure, PassesOnWhenToComeAgain) {
    EXPECT_EQ(of(503, error_body("SlowDown"), put_a, {{"retry-after", "7"}}).retry_after(), 7s);
    EXPECT_EQ(of(503, error_body("SlowDown"), put_a, {{"retry-after", "Thu, 01 Jan 1970 00:00:30 GMT"}}).retry_after(),
              30s);
    EXPECT_EQ(of(503, error_body("SlowDown"), put_a, {{"retry-after", "soon"}}).retry_after(), 0s);
}

TEST(S3Failure, IsSeenInAnAnswerOfSuccess) {
    EXPECT_TRUE(is_belated_failure({200, {}, error_body("InternalError")}));
    EXPECT_TRUE(is_belated_failure({200, {}, "\n\n  " + error_body("InternalError")}));
    EXPECT_FALSE(is_belated_failure({200, {}, "<CompleteMultipartUploadResult/>"}));
    EXPECT_FALSE(is_belated_failure({200, {}, ""}));
    EXPECT_FALSE(is_belated_failure({500, {}, error_body("InternalError")}));
}

TEST(S3Failure, TellsWhetherALostRequestMayHaveBeenDone) {
    using http::client_errc;
    const struct {
        error_code from;
        bool arrived;
        error_code code;
        bool retryable, fresh;
    } table[] = {
        {client_errc::dns, false, infra::errc::unavailable, true, false},
        {client_errc::connect, false, infra::errc::unavailable, true, false},
        {client_errc::lost, true, infra::errc::unavailable, true, true},
        {client_errc::protocol, true, infra::errc::unavailable, true, true},
        {client_errc::tls, false, infra::errc::misconfigured, false, false},
        {client_errc::proxy, false, infra::errc::unavailable, false, false},
        {infra::errc::timed_out, true, infra::errc::timed_out, true, true},
        {infra::errc::overloaded, false, infra::errc::overloaded, true, false},
        {infra::errc::closed, true, infra::errc::closed, false, false},
    };
    for (const auto& r : table) {
        const auto e = failure_of(http::client_error(r.from, "PUT x: sentence", r.arrived), put_a);
        EXPECT_EQ(e.code(), r.code) << r.from.message();
        EXPECT_EQ(e.retryable(), r.retryable) << r.from.message();
        EXPECT_EQ(e.uncertain(), r.arrived) << r.from.message();
        EXPECT_EQ(e.fresh_connection(), r.fresh) << r.from.message();
        EXPECT_TRUE(std::string_view(e.what()).starts_with("put a: PUT x: sentence")) << e.what();
        EXPECT_FALSE(failure_of(http::client_error(r.from, "x", r.arrived), list_photos).uncertain());
    }
}

TEST(S3Failure, SaysWhatToCheckWhereTlsIsNotUnderstood) {
    using http::client_errc;
    const auto sentence_of = [](error_code code, bool perhaps_of_tls) {
        auto by = put_a;
        by.perhaps_of_tls = perhaps_of_tls;
        return std::string(failure_of(http::client_error(code, "PUT x: why", true), by).what());
    };
    const std::string certificates =
        "put a: PUT x: why; check S3_ENDPOINT (https:// or http://, and its host), and S3_CA_FILE, which names whose "
        "certificates are trusted";
    const std::string spoken = "; where TLS is spoken there, S3_ENDPOINT begins with https://";
    EXPECT_EQ(sentence_of(client_errc::tls, false), certificates);
    EXPECT_EQ(sentence_of(client_errc::lost, true), "put a: PUT x: why" + spoken);
    EXPECT_EQ(sentence_of(client_errc::lost, false), "put a: PUT x: why");
    EXPECT_EQ(sentence_of(client_errc::connect, true), "put a: PUT x: why");
    auto by = put_a;
    by.perhaps_of_tls = true;
    const answer page{400, {}, "<html>The plain HTTP request was sent to HTTPS port</html>"};
    EXPECT_NE(std::string(failure_of(page, by, {}).what()).find(spoken), std::string::npos);
    EXPECT_EQ(std::string(failure_of(page, put_a, {}).what()).find(spoken), std::string::npos);
    const answer known{400, {}, error_body("InvalidPart")};
    EXPECT_EQ(std::string(failure_of(known, by, {}).what()).find(spoken), std::string::npos);
}

TEST(S3Failure, IsKnownForEachKeyOfMany) {
    const auto e = failure_of(not_removed{"in/a", "InternalError", "again"});
    EXPECT_EQ(e.code(), infra::errc::unavailable);
    EXPECT_TRUE(e.retryable());
    EXPECT_TRUE(std::string_view(e.what()).starts_with("remove in/a: "));
}

} // namespace
} // namespace infra::storage::s3
