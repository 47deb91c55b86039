#include "src/s3/address.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace infra::storage::s3 {
namespace {

std::string sentence_of_refusal(const s3_options& o) {
    try {
        address_of(o);
        public_address_of(o);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::misconfigured);
        return e.what();
    }
    return {};
}

TEST(S3Endpoint, IsReadFromAUrl) {
    const struct {
        std::string_view text;
        endpoint expected;
        std::string_view authority;
    } table[] = {
        {"https://s3.eu-central-1.amazonaws.com",
         {true, "s3.eu-central-1.amazonaws.com"},
         "s3.eu-central-1.amazonaws.com"},
        {"https://Minio.Example:9000/", {true, "minio.example", 9000}, "minio.example:9000"},
        {"http://localhost:80", {false, "localhost"}, "localhost"},
        {"https://x:443", {true, "x"}, "x"},
        {"http://x:443", {false, "x", 443}, "x:443"},
        {"http://[::1]:9000", {false, "[::1]", 9000}, "[::1]:9000"},
        {"https://[2001:DB8::1]", {true, "[2001:db8::1]"}, "[2001:db8::1]"},
        {"https://p.supabase.co/storage/v1/s3/", {true, "p.supabase.co", 0, "/storage/v1/s3"}, "p.supabase.co"},
    };
    for (const auto& row : table) {
        EXPECT_EQ(parse_endpoint(row.text, "S3_ENDPOINT"), row.expected) << row.text;
        EXPECT_EQ(parse_endpoint(row.text, "S3_ENDPOINT").authority(), row.authority);
    }
}

TEST(S3Endpoint, IsRefusedInASentenceThatRepeatsNothing) {
    const std::pair<std::string_view, std::string_view> table[] = {
        {"s3cret.example:9000", "a URL with its scheme"},
        {"", "a URL with its scheme"},
        {"ftp://s3cret", "a URL with its scheme"},
        {"https://key:s3cret@host", "without user"},
        {"https://host?s3cret", "without user"},
        {"https://host#s3cret", "without user"},
        {"https://host:s3cret", "a port"},
        {"https://host:0", "a port"},
        {"https://host:65536", "a port"},
        {"https://", "a host's name"},
        {"https:///path", "a host's name"},
        {"https://a b", "a host's name"},
        {"https://[::1", "a host's name"},
        {"https://a..b", "a host's name"},
        {"https://host/s3cret%20", "needs percent-encoding"},
        {"https://host//s3cret", "needs percent-encoding"},
    };
    for (const auto& [text, part] : table) {
        try {
            parse_endpoint(text, "S3_ENDPOINT");
            ADD_FAILURE() << text;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), infra::errc::misconfigured);
            EXPECT_TRUE(std::string_view(e.what()).starts_with("S3_ENDPOINT: expected")) << e.what();
            EXPECT_NE(std::string_view(e.what()).find(part), std::string_view::npos) << text << ": " << e.what();
            EXPECT_EQ(std::string_view(e.what()).find("s3cret"), std::string_view::npos);
        }
    }
}

TEST(S3Address, NamesTheBucketInTheHostOrInThePath) {
    const struct {
        s3_options options;
        std::string_view host, path;
    } table[] = {
        {{.bucket = "photos"}, "photos.s3.us-east-1.amazonaws.com", "/a/b"},
        {{.bucket = "photos", .region = "cn-north-1"}, "photos.s3.cn-north-1.amazonaws.com.cn", "/a/b"},
        {{.bucket = "my.photos"}, "s3.us-east-1.amazonaws.com", "/my.photos/a/b"},
        {{.bucket = "photos", .addressing = addressing::path}, "s3.us-east-1.amazonaws.com", "/photos/a/b"},
        {{.bucket = "photos", .endpoint = "http://localhost:9000"}, "localhost:9000", "/photos/a/b"},
        {{.bucket = "photos", .endpoint = "http://localhost:9000", .addressing = addressing::virtual_host},
         "photos.localhost:9000",
         "/a/b"},
        {{.bucket = "photos", .endpoint = "https://p.example/storage/v1/s3"}, "p.example", "/storage/v1/s3/photos/a/b"},
        {{.bucket = "Old_Photos", .endpoint = "http://[::1]:9000"}, "[::1]:9000", "/Old_Photos/a/b"},
        {{.bucket = "minio", .endpoint = "http://minio:9000"}, "minio:9000", "/minio/a/b"},
    };
    for (const auto& row : table) {
        const auto a = address_of(row.options);
        EXPECT_EQ(a.host(), row.host);
        EXPECT_EQ(a.path_of("a/b"), row.path);
    }
    EXPECT_EQ(address_of({.bucket = "photos"}).path_of(""), "/");
    EXPECT_EQ(address_of({.bucket = "photos", .endpoint = "http://x"}).path_of(""), "/photos");
}

TEST(S3Address, EncodesAKeyOnceAndChangesNothingElse) {
    const auto a = address_of({.bucket = "photos"});
    EXPECT_EQ(a.path_of("a b/ä+%/~x!'()*"), "/a%20b/%C3%A4%2B%25/~x%21%27%28%29%2A");
    EXPECT_EQ(a.path_of("a//b/../c"), "/a//b/../c");
}

TEST(S3Address, IsShownInPublicUnderAnotherName) {
    EXPECT_EQ(public_address_of({.bucket = "photos"}).origin(), "https://photos.s3.us-east-1.amazonaws.com");
    const auto near = public_address_of(
        {.bucket = "photos", .endpoint = "http://minio:9000", .public_endpoint = "https://files.example"});
    EXPECT_EQ(near.origin() + near.path_of("a"), "https://files.example/photos/a");
    const auto own = public_address_of({.bucket = "files.example", .public_endpoint = "https://files.example"});
    EXPECT_EQ(own.origin() + own.path_of("a"), "https://files.example/a");
}

TEST(S3Address, RefusesNamesThatNoBucketHas) {
    for (const std::string bad : {"", "ab", "Photos", "my_photos", "-photos", "photos-", "a..b", "192.168.1.1",
                                  "photos/x", "ph otos", "a\r\nb"})
        EXPECT_TRUE(sentence_of_refusal({.bucket = bad}).starts_with("S3_BUCKET: expected")) << bad;
    EXPECT_TRUE(sentence_of_refusal({.bucket = std::string(64, 'a')}).starts_with("S3_BUCKET: expected"));
    for (const std::string bad : {"", ".", "..", "a/b", "a b", "a?b"})
        EXPECT_TRUE(sentence_of_refusal({.bucket = bad, .endpoint = "http://x"}).starts_with("S3_BUCKET: expected"))
            << bad;
    EXPECT_TRUE(
        sentence_of_refusal({.bucket = "photos", .endpoint = "http://[::1]", .addressing = addressing::virtual_host})
            .starts_with("S3_ENDPOINT: an address takes no bucket"));
    EXPECT_TRUE(sentence_of_refusal({.bucket = "photos", .public_endpoint = "files.example"})
                    .starts_with("S3_PUBLIC_ENDPOINT: expected"));
}

} // namespace
} // namespace infra::storage::s3
