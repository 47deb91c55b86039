#pragma once

/// Objects in Amazon S3 and what speaks its protocol: R2, B2, MinIO, Ceph, Swift … Link infra::storage_s3; `s3://…` as STORAGE_URL, or
/// S3_BUCKET alone, selects it.
///
///     storage::storage files({.bucket = storage::make_s3_bucket({.bucket = "photos", .region = "eu-central-1", .keys = {…}})});
///     // STORAGE_URL=s3://photos?region=auto&endpoint=https://<account>.r2.cloudflarestorage.com

#include <infra/base/clock.hpp>
#include <infra/http_client/client_options.hpp>
#include <infra/runtime/environment.hpp>
#include <infra/storage/bucket.hpp>
#include <infra/storage/credentials.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage {

/// How the bucket is named in a URL.
enum class addressing {
    automatic,    ///< path style for an endpoint that was given and for names with dots, otherwise virtual host
    path,         ///< https://endpoint/bucket/key
    virtual_host, ///< https://bucket.endpoint/key
};

/// How the store is to be told of checksums.
enum class checksums {
    automatic, ///< by header; what a store refuses or does not keep goes as Content-MD5 and in the object's metadata from then on
    by_header, ///< x-amz-checksum-…; a store that refuses fails
    by_md5,    ///< Content-MD5, and `x-amz-meta-infra-crc32c`
    none,
};

struct s3_options {
    // --- Behaviour ---

    std::string bucket{};             ///< its name
    std::string region = "us-east-1"; ///< as it is, an endpoint whose host names another has its way
    std::string endpoint{}; ///< empty: AWS's for the region. With scheme: `https://…`, or `http://…` for one nearby
    infra::storage::addressing addressing = addressing::automatic; ///< where its name stands in a request

    /// Set one. Neither means that requests are not signed, for buckets that anybody may read.
    credentials keys{};
    credentials_function ask_for_keys{};

    infra::storage::checksums checksums = checksums::automatic; ///< which checksums the store is asked to keep
    checksum_kind checksum = checksum_kind::crc32c; ///< R2 always gets crc64nvme, the only one that it has of a whole

    /// Of what signed_url() gives; empty: the endpoint. For a name of one's own that the store knows; one that is the bucket's own name
    /// stands for it.
    std::string public_endpoint{};

    http::proxy_options proxy{};      ///< the way to the store
    http::client_tls_options tls{};   ///< whose certificates are trusted
    std::string user_agent = "infra"; ///< what we call ourselves

    // --- Tuning ---

    std::size_t connections = 64; ///< at once, 1 to 10 000

    /// For name, TCP and TLS together, greater than zero.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);

    /// Where requests are made: a loop that runs one handler at a time and outlives the bucket. Empty: a thread of the bucket's own,
    /// begun with the first request.
    executor loop{};

    clock* time = &real_clock(); ///< outlives it
};

/// S3_BUCKET, S3_REGION, S3_ENDPOINT, S3_CA_FILE (or AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_CA_BUNDLE),
/// S3_PUBLIC_ENDPOINT and credentials_from(); proxies and certificates of http_client's proxies_from() and tls_from().
s3_options s3_options_from(const environment& variables);

/// Of a URL `s3://bucket?region=…&endpoint=…&ca_file=…&style=path|host&checksums=…`, with `s3+http://host:port/bucket` for an endpoint in the
/// clear; what it does not say is as the environment has it. A secret is never in it: `s3://key:secret@…` is refused.
s3_options s3_options_from_url(std::string_view url, const environment& variables);

/// Asks nobody yet. Throws std::invalid_argument, or infra::error with errc::misconfigured for a bucket's name or endpoint that cannot
/// be one.
std::shared_ptr<bucket> make_s3_bucket(s3_options options);

} // namespace infra::storage
