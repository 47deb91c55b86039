#include "src/s3/options.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

const environment keyed({{"S3_BUCKET", "photos"}, {"S3_ACCESS_KEY_ID", "AKIA1"}, {"S3_SECRET_ACCESS_KEY", "s3cret"}});

environment with(environment::variables more) {
    auto all = keyed.all();
    for (auto& [name, value] : more)
        all.insert_or_assign(name, value);
    return environment(std::move(all));
}

std::string refusal_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::misconfigured) << e.what();
        EXPECT_EQ(std::string_view(e.what()).find("s3cret"), std::string_view::npos) << e.what();
        return e.what();
    }
    return "(none)";
}

TEST(S3Options, NameWhatIsBad) {
    const std::pair<std::function<void(s3_options&)>, std::string> table[] = {
        {[](auto& o) { o.region = ""; }, "region must be a region's name, such as eu-central-1"},
        {[](auto& o) { o.region = "eu/../x"; }, "region must be a region's name, such as eu-central-1"},
        {[](auto& o) { o.user_agent = ""; }, "user_agent must be text for a header"},
        {[](auto& o) { o.user_agent = "a\nb"; }, "user_agent must be text for a header"},
        {[](auto& o) { o.connections = 0; }, "connections must be between 1 and 10000"},
        {[](auto& o) { o.connections = 10'001; }, "connections must be between 1 and 10000"},
        {[](auto& o) { o.connect_timeout = 0ms; }, "connect_timeout must be greater than zero"},
        {[](auto& o) { o.time = nullptr; }, "time must be a clock"},
        {[](auto& o) { o.keys = {.access_key_id = "A"}; }, "keys.secret_access_key must be there beside access_key_id"},
        {[](auto& o) { o.keys = {.secret_access_key = "s"}; },
         "keys.access_key_id must be a word without spaces and slashes"},
        {[](auto& o) { o.keys = {.access_key_id = "A/B", .secret_access_key = "s"}; },
         "keys.access_key_id must be a word without spaces and slashes"},
        {[](auto& o) { o.keys = {.access_key_id = "A", .secret_access_key = "s", .session_token = "a b"}; },
         "keys.session_token must be a word without spaces"},
        {[](auto& o) {
             o.keys = {.access_key_id = "A", .secret_access_key = "s"};
             o.ask_for_keys = []() -> awaitable<credentials> { co_return credentials(); };
         },
         "keys and ask_for_keys: set one of them"},
    };
    for (const auto& [spoil, sentence] : table) {
        s3_options o{.bucket = "photos"};
        spoil(o);
        try {
            s3::checked(o);
            ADD_FAILURE() << sentence;
        } catch (const std::invalid_argument& e) {
            EXPECT_EQ(e.what(), "storage::s3_options::" + sentence);
        }
    }
}

TEST(S3Options, TakeTheRegionFromTheHost) {
    const std::pair<std::string, std::string> table[] = {
        {"https://abc.r2.cloudflarestorage.com", "auto"},
        {"https://s3.us-west-004.backblazeb2.com", "us-west-004"},
        {"https://s3.eu-west-1.amazonaws.com", "eu-west-1"},
        {"https://s3-eu-west-1.amazonaws.com", "eu-west-1"},
        {"https://s3.dualstack.eu-west-1.amazonaws.com", "eu-west-1"},
        {"https://s3.cn-north-1.amazonaws.com.cn", "cn-north-1"},
        {"https://s3.amazonaws.com", "us-east-1"},
        {"https://s3-accelerate.amazonaws.com", "us-east-1"},
        {"https://minio.example", "us-east-1"},
        {"https://fakeamazonaws.com", "us-east-1"},
    };
    for (const auto& [endpoint, region] : table)
        EXPECT_EQ(s3::checked({.bucket = "photos", .endpoint = endpoint}).region, region) << endpoint;
    EXPECT_EQ(
        s3::checked({.bucket = "photos", .region = "own-1", .endpoint = "https://s3.eu-west-1.amazonaws.com"}).region,
        "own-1");
}

TEST(S3Options, SumAsTheStoreDoes) {
    EXPECT_EQ(s3::checked({.bucket = "photos"}).checksum, checksum_kind::crc32c);
    EXPECT_EQ(s3::checked({.bucket = "photos", .endpoint = "https://abc.r2.cloudflarestorage.com"}).checksum,
              checksum_kind::crc64nvme);
}

TEST(S3Options, AreTakenFromTheEnvironment) {
    const auto o = s3_options_from(with({{"S3_REGION", "eu-central-1"},
                                         {"S3_ENDPOINT", "https://minio.example"},
                                         {"S3_PUBLIC_ENDPOINT", "https://files.example"},
                                         {"https_proxy", "proxy:3128"}}));
    EXPECT_EQ(o.bucket, "photos");
    EXPECT_EQ(o.region, "eu-central-1");
    EXPECT_EQ(o.endpoint, "https://minio.example");
    EXPECT_EQ(o.public_endpoint, "https://files.example");
    EXPECT_EQ(o.keys.access_key_id, "AKIA1");
    EXPECT_EQ(o.keys.secret_access_key, "s3cret");
    EXPECT_EQ(o.proxy.https, "http://proxy:3128");
}

TEST(S3Options, AreTakenFromAwssVariablesWhereOursSayNothing) {
    const auto o = s3_options_from(with({{"AWS_DEFAULT_REGION", "eu-west-2"},
                                         {"AWS_ENDPOINT_URL", "http://all"},
                                         {"AWS_ENDPOINT_URL_S3", "http://s3"}}));
    EXPECT_EQ(o.region, "eu-west-2");
    EXPECT_EQ(o.endpoint, "http://s3");
    EXPECT_EQ(s3_options_from(with({{"AWS_DEFAULT_REGION", "a"}, {"AWS_REGION", "b"}})).region, "b");
    EXPECT_EQ(s3_options_from(with({{"AWS_REGION", "b"}, {"S3_REGION", "c"}})).region, "c");
}

TEST(S3Options, TrustWhomTheMostSpecificVariableNames) {
    environment::variables all{{"SSL_CERT_DIR", "/certs"}};
    EXPECT_EQ(s3_options_from(with(all)).tls.ca_directory, "/certs");
    for (const auto* const name : {"SSL_CERT_FILE", "AWS_CA_BUNDLE", "S3_CA_FILE"}) {
        all.insert_or_assign(name, std::string("/of/") + name);
        const auto tls = s3_options_from(with(all)).tls;
        EXPECT_EQ(tls.ca_file, std::string("/of/") + name);
        EXPECT_EQ(tls.ca_directory, "");
    }
    const auto tls = s3_options_from_url("s3://docs?ca_file=/etc/my%20ca.pem", with(all)).tls;
    EXPECT_EQ(tls.ca_file, "/etc/my ca.pem");
}

TEST(S3Options, SayWhichVariableIsMissingOrBad) {
    const std::pair<environment, std::string> table[] = {
        {environment({{"S3_ACCESS_KEY_ID", "A"}, {"S3_SECRET_ACCESS_KEY", "s3cret"}}), "S3_BUCKET is not set"},
        {environment({{"S3_BUCKET", "photos"}, {"S3_SECRET_ACCESS_KEY", "s3cret"}}), "S3_ACCESS_KEY_ID"},
        {environment({{"S3_BUCKET", "photos"}, {"S3_ACCESS_KEY_ID", "A"}}), "S3_SECRET_ACCESS_KEY"},
        {with({{"S3_REGION", "a b"}}), "S3_REGION: expected"},
        {with({{"S3_ENDPOINT", "s3cret.example"}}), "S3_ENDPOINT: expected a URL with its scheme"},
        {with({{"S3_PUBLIC_ENDPOINT", "s3cret.example"}}), "S3_PUBLIC_ENDPOINT: expected a URL with its scheme"},
        {with({{"S3_BUCKET", "Photos"}}), "S3_BUCKET: expected"},
    };
    for (const auto& [variables, part] : table) {
        const auto why = refusal_of([&] { s3_options_from(variables); });
        EXPECT_NE(why.find(part), std::string::npos) << part << ": " << why;
    }
}

TEST(S3Url, SaysWhereTheBucketIs) {
    const struct {
        std::string url;
        std::function<bool(const s3_options&)> holds;
    } table[] = {
        {"s3:", [](auto& o) { return o.bucket == "photos" && o.endpoint.empty(); }},
        {"s3://docs", [](auto& o) { return o.bucket == "docs" && o.endpoint.empty(); }},
        {"s3://docs/", [](auto& o) { return o.bucket == "docs"; }},
        {"s3://docs?region=eu-west-1", [](auto& o) { return o.bucket == "docs" && o.region == "eu-west-1"; }},
        {"s3://docs?endpoint=https://minio.example:9000&style=host",
         [](auto& o) {
             return o.endpoint == "https://minio.example:9000" && o.addressing == addressing::virtual_host;
         }},
        {"s3://docs?endpoint=https%3A%2F%2Fx&style=path",
         [](auto& o) { return o.endpoint == "https://x" && o.addressing == addressing::path; }},
        {"s3://docs?checksums=md5", [](auto& o) { return o.checksums == checksums::by_md5; }},
        {"s3://docs?public_endpoint=https://files.example",
         [](auto& o) { return o.public_endpoint == "https://files.example"; }},
        {"s3+http://localhost:9000/docs",
         [](auto& o) { return o.endpoint == "http://localhost:9000" && o.bucket == "docs"; }},
        {"s3+http://[::1]:9000/docs?region=x",
         [](auto& o) { return o.endpoint == "http://[::1]:9000" && o.region == "x"; }},
        {"s3+http://h/storage/v1/docs",
         [](auto& o) { return o.endpoint == "http://h/storage/v1" && o.bucket == "docs"; }},
    };
    for (const auto& row : table)
        EXPECT_TRUE(row.holds(s3_options_from_url(row.url, keyed))) << row.url;
}

TEST(S3Url, IsRefusedWithoutRepeatingIt) {
    const std::pair<std::string, std::string> table[] = {
        {"s3://AKIA1:s3cret@docs", "a URL has no keys in it"},
        {"s3+http://AKIA1:s3cret@localhost/docs", "a URL has no keys in it"},
        {"s3://docs?secret_access_key=s3cret", "a URL says region, endpoint"},
        {"s3://docs?style=s3cret", "style is path or host"},
        {"s3://docs?checksums=s3cret", "checksums is automatic, header, md5 or none"},
        {"s3://docs?region", "has no value"},
        {"s3://docs?region=%zz", "has no value, or a broken one"},
        {"s3://docs?endpoint=s3cret:9000", "S3_ENDPOINT: expected a URL with its scheme"},
        {"s3+http://localhost:9000", "expected s3://bucket"},
        {"s3+http://localhost:9000/", "expected s3://bucket"},
        {"s3+http:///docs", "expected s3://bucket"},
        {"s3+ftp://s3cret/docs", "expected s3://bucket"},
        {"s3cret", "expected s3://bucket"},
        {"s3://do/cs", "S3_BUCKET: expected"},
    };
    for (const auto& [url, part] : table) {
        const auto why = refusal_of([&] { s3_options_from_url(url, keyed); });
        EXPECT_NE(why.find(part), std::string::npos) << url << ": " << why;
    }
}

} // namespace
} // namespace infra::storage
