#pragma once

/// URLs and forms that are signed, for a bucket wherever it is.
///
///     const url_place at = place_of("https://s3.example:9000/photos", "in/a b.jpg");
///     auto out = sign_url(at, 1h, options, keys, {"us-east-1", now});

#include "sigv4/sigv4.hpp"

#include <infra/storage/bucket.hpp>
#include <infra/storage/credentials.hpp>
#include <infra/storage/signing.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace infra::storage {

/// Where an object is.
struct url_place {
    std::string origin{}; ///< "https://s3.example:9000", as it is written
    std::string host{};   ///< as clients send it: without the port that is the scheme's
    std::string path{};   ///< encoded: "/photos/in/a%20b.jpg"
};

/// The object `key` under a base URL, which has no query; without a key, the base itself. Throws std::invalid_argument for what is no
/// http:// or https:// URL.
url_place place_of(std::string_view base, std::string_view key = {});

/// Throws std::invalid_argument for less than a second, more than max_signed_for, or another method than the four.
signed_request sign_url(const url_place& at, std::chrono::seconds expires, const signed_url_options& options,
                        const credentials& keys, const sigv4::scope& in);

/// For PUT of a part.
std::string sign_part_url(const url_place& at, const std::string& upload, int number, std::chrono::seconds expires,
                          const credentials& keys, const sigv4::scope& in);

/// `base` is the bucket's URL.
signed_form sign_form_for(const std::string& base, const std::string& bucket, const post_policy& policy,
                          std::chrono::seconds expires, const credentials& keys, const sigv4::scope& in);

} // namespace infra::storage
