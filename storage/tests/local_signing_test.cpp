#include "src/local_signing.hpp"
#include "src/signed_url.hpp"
#include "tests/sigv4/support.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;
using sigv4::request_of;
using sigv4::verdict;

const std::string base = "http://127.0.0.1:3000/storage";
const std::string secret = "sixteen bytes at least";

/// Cuts the public URL's path off, as a router does that it is mounted in.
sigv4::request below(const std::string& url, std::string method = "GET", sigv4::fields headers = {}) {
    auto r = request_of(url, std::move(method), std::move(headers));
    r.path.erase(0, std::string("/storage").size());
    return r;
}

TEST(SignedUrl, KnowsWhereAnObjectIs) {
    const struct {
        std::string base, key, origin, host, path;
    } places[] = {
        {"http://a:9000/bucket", "x y/ü%.txt", "http://a:9000", "a:9000", "/bucket/x%20y/%C3%BC%25.txt"},
        {"https://a:443/b/", "k", "https://a:443", "a", "/b/k"},
        {"http://a:80", "k", "http://a:80", "a", "/k"},
        {"https://a:80/", "k", "https://a:80", "a:80", "/k"},
        {"https://[::1]:8443", "k//l/..", "https://[::1]:8443", "[::1]:8443", "/k//l/.."},
        {"https://bucket.s3.example", "", "https://bucket.s3.example", "bucket.s3.example", "/"},
        {"http://a/b", "", "http://a", "a", "/b"},
    };
    for (const auto& p : places) {
        const auto at = place_of(p.base, p.key);
        EXPECT_EQ(at.origin, p.origin) << p.base;
        EXPECT_EQ(at.host, p.host) << p.base;
        EXPECT_EQ(at.path, p.path) << p.base;
    }
}

TEST(SignedUrl, RefusesABaseThatIsNone) {
    for (const std::string bad : {"", "a", "ftp://a", "http://", "http:///x", "http://u:p@a", "http://a/?b",
                                  "http://a/#b", "http://a b", "http://a/\n"})
        EXPECT_THROW(place_of(bad), std::invalid_argument) << bad;
}

TEST(LocalSigner, SignsWhatItChecks) {
    manual_clock time;
    const local_signer signer(base, secret, time);
    const auto url = signer.sign("in/a b.jpg", 1h, {}).url;
    EXPECT_TRUE(url.starts_with(base + "/in/a%20b.jpg?X-Amz-Algorithm=")) << url;
    EXPECT_EQ(signer.check(below(url)), verdict::good);
    EXPECT_EQ(signer.check(below(url, "HEAD")), verdict::mismatch);
    time.advance(1h + 1s);
    EXPECT_EQ(signer.check(below(url)), verdict::expired);
}

TEST(LocalSigner, PinsWhatAPutMustSay) {
    manual_clock time;
    const local_signer signer(base, secret, time);
    const auto made = signer.sign("a", 1h,
                                  {.method = http::method::put,
                                   .content_type = "image/jpeg",
                                   .content_length = 5,
                                   .checksum = checksum_of("hello"),
                                   .if_absent = true});
    const sigv4::fields expected{{"Content-Type", "image/jpeg"},
                                 {"Content-Length", "5"},
                                 {"x-amz-checksum-crc32c", "mnG7TA=="},
                                 {"If-None-Match", "*"}};
    EXPECT_EQ(made.headers, expected);
    EXPECT_NE(made.url.find("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match%3B"
                            "x-amz-checksum-crc32c"),
              std::string::npos);
    EXPECT_EQ(signer.check(below(made.url, "PUT", made.headers)), verdict::good);
    for (std::size_t i = 0; i < made.headers.size(); ++i) {
        SCOPED_TRACE(made.headers[i].first);
        auto less = made.headers, other = made.headers;
        less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
        other[i].second = "other";
        EXPECT_EQ(signer.check(below(made.url, "PUT", less)), verdict::mismatch);
        EXPECT_EQ(signer.check(below(made.url, "PUT", other)), verdict::mismatch);
    }
}

TEST(LocalSigner, SignsWhatAnswersSayInstead) {
    manual_clock time;
    const local_signer signer(base, secret, time);
    const auto url = signer
                         .sign("a", 1h,
                               {.response_content_type = "text/plain; charset=utf-8",
                                .response_content_disposition = "attachment; filename=\"b c.txt\"",
                                .response_cache_control = "no-store"})
                         .url;
    auto r = below(url);
    EXPECT_EQ(signer.check(r), verdict::good);
    EXPECT_NE(url.find("&response-content-disposition=attachment%3B%20filename%3D%22b%20c.txt%22&"), std::string::npos);
    sigv4::set(r.query, "response-content-type", "text/html");
    EXPECT_EQ(signer.check(r), verdict::mismatch);
}

TEST(LocalSigner, SignsParts) {
    manual_clock time;
    const local_signer signer(base, secret, time);
    auto r = below(signer.sign_part({"a", "id/1"}, 3, 1h), "PUT");
    EXPECT_EQ(signer.check(r), verdict::good);
    sigv4::set(r.query, "partNumber", "4");
    EXPECT_EQ(signer.check(r), verdict::mismatch);
}

TEST(LocalSigner, SignsForms) {
    manual_clock time;
    const local_signer signer(base, secret, time);
    const auto form = signer.sign_form({.key = "a"}, 10min);
    EXPECT_EQ(form.url, base);
    const sigv4::fields posted(form.fields.begin(), form.fields.end());
    EXPECT_EQ(signer.check_form(posted), verdict::good);
    const local_signer other(base, "another secret of ours", time);
    EXPECT_EQ(other.check_form(posted), verdict::mismatch);
}

TEST(LocalSigner, TakesAPublicUrlWithoutAPath) {
    manual_clock time;
    const local_signer signer("https://files.example/", secret, time);
    EXPECT_EQ(signer.check(request_of(signer.sign("a", 1h, {}).url)), verdict::good);
}

TEST(LocalSigner, RefusesWhatCannotBeSigned) {
    manual_clock time;
    const local_signer signer(base, secret, time);
    EXPECT_THROW(signer.sign("a", 0s, {}), std::invalid_argument);
    EXPECT_THROW(signer.sign("a", 168h + 1s, {}), std::invalid_argument);
    EXPECT_THROW(signer.sign_form({}, 168h + 1s), std::invalid_argument);
    EXPECT_THROW(signer.sign_part({"a", "b"}, 1, 0s), std::invalid_argument);
    EXPECT_THROW(signer.sign("a", 1h, {.method = http::method::post}), std::invalid_argument);
    EXPECT_THROW(signer.sign("a", 1h, {.content_type = "text/plain"}), std::invalid_argument);
    EXPECT_THROW(local_signer(base, "short", time), std::invalid_argument);
    EXPECT_THROW(local_signer("/storage", secret, time), std::invalid_argument);
}

} // namespace
} // namespace infra::storage
