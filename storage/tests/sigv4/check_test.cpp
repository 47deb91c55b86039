#include "src/sigv4/canonical.hpp"
#include "src/sigv4/sigv4.hpp"
#include "tests/sigv4/support.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace infra::storage::sigv4 {
namespace {

using namespace std::chrono_literals;

const wall_time noon = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 12h;
const credentials keys{.access_key_id = "AKID/with/slashes", .secret_access_key = "geheim"};

std::optional<std::string> secret_of(std::string_view id) {
    return id == keys.access_key_id ? std::optional(keys.secret_access_key) : std::nullopt;
}

request put_request() {
    return {.method = "PUT",
            .path = "/photos/a%20b.jpg",
            .query = {{"versionId", "7 a"}},
            .headers = {{"Host", "s3.example:9000"}, {"Content-Type", "image/jpeg"}}};
}

request with_header(std::string_view payload = unsigned_payload) {
    auto r = put_request();
    for (auto& field : sign(put_request(), payload, keys, {.now = noon}))
        r.headers.push_back(std::move(field));
    return r;
}

request with_query(std::chrono::seconds expires = 1h) {
    auto r = put_request();
    r.query = decoded(presign(put_request(), expires, keys, {.now = noon}));
    return r;
}

verdict checked(const request& r, wall_time now = noon, const scope& in = {}) {
    return check(r, secret_of, {.region = in.region, .now = now, .service = in.service});
}

TEST(SigV4Check, TakesWhatItSigns) {
    EXPECT_EQ(checked(with_header()), verdict::good);
    EXPECT_EQ(checked(with_header(empty_payload)), verdict::good);
    EXPECT_EQ(checked(with_query()), verdict::good);
}

TEST(SigV4Check, TakesHeadersInAnyOrderAndCaseAndBesidesOthersThatMeanNothing) {
    auto r = with_query();
    std::swap(r.headers[0], r.headers[1]);
    r.headers[0].first = "CONTENT-TYPE";
    r.headers.emplace_back("User-Agent", "curl");
    EXPECT_EQ(checked(r), verdict::good);
}

TEST(SigV4Check, TakesSessionTokensAsTheySigned) {
    auto temporary = keys;
    temporary.session_token = "FwoG+/=";
    auto r = put_request();
    for (auto& field : sign(put_request(), unsigned_payload, temporary, {.now = noon}))
        r.headers.push_back(std::move(field));
    EXPECT_EQ(checked(r), verdict::good);
    auto url = put_request();
    url.query = decoded(presign(put_request(), 1h, temporary, {.now = noon}));
    EXPECT_EQ(checked(url), verdict::good);
}

struct attack {
    std::string name;
    std::function<void(request&)> change;
    verdict by_header, by_query;
};

const std::vector<attack> attacks = {
    {"method", [](request& r) { r.method = "DELETE"; }, verdict::mismatch, verdict::mismatch},
    {"another key", [](request& r) { r.path = "/photos/other.jpg"; }, verdict::mismatch, verdict::mismatch},
    {"the same key, written otherwise", [](request& r) { r.path = "/photos/a%20%62.jpg"; }, verdict::mismatch,
     verdict::mismatch},
    {"a pair more", [](request& r) { r.query.emplace_back("uploads", ""); }, verdict::mismatch, verdict::mismatch},
    {"a pair twice", [](request& r) { r.query.emplace_back("versionId", "7 a"); }, verdict::mismatch,
     verdict::mismatch},
    {"a pair less", [](request& r) { drop(r.query, "versionId"); }, verdict::mismatch, verdict::mismatch},
    {"a pair's value", [](request& r) { set(r.query, "versionId", "7 b"); }, verdict::mismatch, verdict::mismatch},
    {"a signed header's value", [](request& r) { set(r.headers, "Content-Type", "text/html"); }, verdict::mismatch,
     verdict::mismatch},
    {"a signed header twice", [](request& r) { r.headers.emplace_back("content-type", "text/html"); },
     verdict::mismatch, verdict::mismatch},
    {"a signed header less", [](request& r) { drop(r.headers, "Content-Type"); }, verdict::mismatch, verdict::mismatch},
    {"another host", [](request& r) { set(r.headers, "Host", "s3.example"); }, verdict::mismatch, verdict::mismatch},
    {"no host", [](request& r) { drop(r.headers, "Host"); }, verdict::mismatch, verdict::mismatch},
    {"an x-amz header more", [](request& r) { r.headers.emplace_back("X-Amz-Acl", "public-read"); },
     verdict::unsigned_headers, verdict::unsigned_headers},
    {"no signature at all",
     [](request& r) {
         drop(r.query, "X-Amz-Signature");
         drop(r.headers, "authorization");
     },
     verdict::unsigned_request, verdict::unsigned_request},
};

TEST(SigV4Check, RefusesWhatWasChanged) {
    for (const auto& a : attacks) {
        SCOPED_TRACE(a.name);
        auto by_header = with_header(), by_query = with_query();
        a.change(by_header);
        a.change(by_query);
        EXPECT_EQ(checked(by_header), a.by_header);
        EXPECT_EQ(checked(by_query), a.by_query);
    }
}

const std::vector<std::pair<std::pair<std::string, std::string>, verdict>> changed_pairs = {
    {{"X-Amz-Expires", "7200"}, verdict::mismatch},
    {{"X-Amz-Expires", "0"}, verdict::malformed},
    {{"X-Amz-Expires", "604801"}, verdict::malformed},
    {{"X-Amz-Expires", "-1"}, verdict::malformed},
    {{"X-Amz-Expires", "99999999999999999999"}, verdict::malformed},
    {{"X-Amz-Expires", ""}, verdict::malformed},
    {{"X-Amz-Date", "20260101T120500Z"}, verdict::mismatch},
    {{"X-Amz-Date", "20260102T120000Z"}, verdict::malformed}, // not the credential's day
    {{"X-Amz-Date", "2026-01-01"}, verdict::malformed},
    {{"X-Amz-Date", "20261301T120000Z"}, verdict::malformed},
    {{"X-Amz-Date", ""}, verdict::malformed},
    {{"X-Amz-Algorithm", "AWS4-HMAC-SHA1"}, verdict::malformed},
    {{"X-Amz-Credential", "AKID"}, verdict::malformed},
    {{"X-Amz-Credential", "/20260101/us-east-1/s3/aws4_request"}, verdict::malformed},
    {{"X-Amz-Credential", "other/20260101/us-east-1/s3/aws4_request"}, verdict::unknown_key},
    {{"X-Amz-Credential", "AKID/with/slashes/20260101/eu/s3/aws4_request"}, verdict::wrong_scope},
    {{"X-Amz-Credential", "AKID/with/slashes/20260101/us-east-1/ec2/aws4_request"}, verdict::wrong_scope},
    {{"X-Amz-SignedHeaders", "content-type"}, verdict::unsigned_headers},
    {{"X-Amz-SignedHeaders", ""}, verdict::unsigned_headers},
    {{"X-Amz-SignedHeaders", "host"}, verdict::mismatch},
    {{"X-Amz-SignedHeaders", "content-type;host;range"}, verdict::mismatch},
    {{"X-Amz-SignedHeaders", "Content-Type;Host"}, verdict::mismatch},
    {{"X-Amz-Signature", ""}, verdict::mismatch},
    {{"X-Amz-Signature", std::string(64, '0')}, verdict::mismatch},
};

TEST(SigV4Check, RefusesPairsOfTheSignatureThatWereChanged) {
    for (const auto& [pair, expected] : changed_pairs) {
        SCOPED_TRACE(pair.first + "=" + pair.second);
        auto r = with_query();
        set(r.query, pair.first, pair.second);
        EXPECT_EQ(checked(r), expected);
    }
}

TEST(SigV4Check, RefusesPairsOfTheSignatureThatAreMissingOrTwice) {
    for (const std::string name :
         {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"}) {
        SCOPED_TRACE(name);
        auto less = with_query(), more = with_query();
        drop(less.query, name);
        for (const auto& [key, value] : with_query().query)
            if (key == name)
                more.query.emplace_back(key, value);
        EXPECT_EQ(checked(less), verdict::malformed);
        EXPECT_EQ(checked(more), verdict::malformed);
    }
}

TEST(SigV4Check, RefusesAnAuthorizationThatIsNone) {
    for (const std::string text : {"", "AWS4-HMAC-SHA256", "Basic dTpw", "AWS4-HMAC-SHA256 Credential=a, Signature=b",
                                   "AWS AKID:signature", "AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature="}) {
        SCOPED_TRACE(text);
        auto r = with_header();
        set(r.headers, "authorization", text);
        EXPECT_EQ(checked(r), verdict::malformed);
    }
}

TEST(SigV4Check, WantsToKnowWhatThePayloadIs) {
    auto r = with_header("nonsense");
    EXPECT_EQ(checked(r), verdict::wrong_payload);
    drop(r.headers, "x-amz-content-sha256");
    EXPECT_EQ(checked(r), verdict::wrong_payload);
}

TEST(SigV4Check, UrlsEndWithTheirTime) {
    EXPECT_EQ(checked(with_query(1s), noon + 1s), verdict::good);
    EXPECT_EQ(checked(with_query(1s), noon + 1s + 1ms), verdict::expired);
    EXPECT_EQ(checked(with_query(168h), noon + 168h), verdict::good);
    EXPECT_EQ(checked(with_query(), noon - 14min), verdict::good);
    EXPECT_EQ(checked(with_query(), noon - 15min), verdict::expired);
}

TEST(SigV4Check, RequestsMustBeOfNow) {
    EXPECT_EQ(checked(with_header(), noon + 15min - 1s), verdict::good);
    EXPECT_EQ(checked(with_header(), noon + 15min), verdict::skewed);
    EXPECT_EQ(checked(with_header(), noon - 15min + 1s), verdict::good);
    EXPECT_EQ(checked(with_header(), noon - 15min), verdict::skewed);
}

TEST(SigV4Check, TheWrongSecretIsAMismatch) {
    const auto other = [](std::string_view) { return std::optional<std::string>("falsch"); };
    EXPECT_EQ(check(with_query(), other, {.now = noon}), verdict::mismatch);
    EXPECT_EQ(check(with_header(), other, {.now = noon}), verdict::mismatch);
}

TEST(SigV4, TimesAreWrittenToTheSecondAndReadBack) {
    EXPECT_EQ(timestamp(noon + 999ms), "20260101T120000Z");
    EXPECT_EQ(parse_timestamp("20260101T120000Z"), noon);
    for (const std::string bad :
         {"", "20260101T120000", "20260101 120000Z", "20260230T120000Z", "20260101T240000Z", "20260101T126000Z",
          "20260101T120060Z", "2026010aT120000Z", "-2260101T120000Z", "99990101T120000Z"})
        EXPECT_EQ(parse_timestamp(bad), std::nullopt) << bad;
}

TEST(SigV4, PairsAreSortedAsTheyAreEncodedAndKeepTheirEqualSign) {
    const fields query{{"b", ""}, {"a", "2"}, {"a-b", "x"}, {"a", "1"}, {"A", "="}, {"\xc3\xa9", "/ +~*"}};
    EXPECT_EQ(canonical_query(query), "%C3%A9=%2F%20%2B~%2A&A=%3D&a=1&a=2&a-b=x&b=");
}

TEST(SigV4, MoreKeysThanAreRememberedAreDerivedAnew) {
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 20; ++i) {
            const credentials each{.access_key_id = "a", .secret_access_key = "secret " + std::to_string(i)};
            auto r = put_request();
            r.query = decoded(presign(put_request(), 1h, each, {.now = noon}));
            const auto secret = [&](std::string_view) { return std::optional(each.secret_access_key); };
            EXPECT_EQ(check(r, secret, {.now = noon}), verdict::good);
        }
}

} // namespace
} // namespace infra::storage::sigv4
