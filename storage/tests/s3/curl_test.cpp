// URLs signed for S3, in the hands of curl.

#include "curl.hpp"
#include "others.hpp"
#include "stub/server.hpp"

#include <infra/storage/s3.hpp>

namespace infra::storage {
namespace {

TEST(SignedForCurl, WorksOnTheStub) {
    if (!curl::is_there())
        GTEST_SKIP() << "curl is not installed";
    stub::server s3;
    const auto store = make_s3_bucket({.bucket = s3.bucket(), .endpoint = s3.endpoint(), .keys = s3.keys()});
    hold_urls_to_curl(store, curl());
    hold_forms_to_curl(store, curl());
}

template <class Store>
void work_on() {
    if (!curl::is_there())
        GTEST_SKIP() << "curl is not installed";
    if (const auto why = Store::missing(); !why.empty())
        GTEST_SKIP() << why;
    const Store other;
    hold_urls_to_curl(make_s3_bucket({.bucket = others::bucket, .endpoint = other.endpoint(), .keys = other.keys()}),
                      curl());
}

TEST(SignedForCurl, WorksOnS3rver) { work_on<others::s3rver>(); }
TEST(SignedForCurl, WorksOnSwift) { work_on<others::swift>(); }

} // namespace
} // namespace infra::storage
