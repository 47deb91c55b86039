#pragma once

/// What a bucket without a server of its own signs with: the same URLs and forms as S3's, for add_signed_urls() (serve.hpp).
///
///     class my_bucket : public bucket, public signs_locally {
///         const local_signer& signer() const noexcept override { return signer_; }
///         awaitable<signed_request> sign(…) override { co_return signer_.sign(key, expires, options); }
///         local_signer signer_{options.public_url, secret, *options.time};
///     };

#include "sigv4/sigv4.hpp"

#include <infra/base/clock.hpp>
#include <infra/storage/bucket.hpp>
#include <infra/storage/signing.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace infra::storage {

/// Threads:  any; it never changes.
/// Errors:   std::invalid_argument, from the constructor for a public URL that cannot be one or a secret of less than 16 bytes, from the
///           others for an expiry or options that cannot be.
/// Lifetime: the clock outlives it.
class local_signer {
public:
    static constexpr std::string_view bucket = "local"; ///< the bucket, access key id and region in what is signed

    local_signer(std::string public_url, std::string secret, clock& time);

    signed_request sign(const std::string& key, std::chrono::seconds expires, const signed_url_options& options) const;
    signed_form sign_form(const post_policy& policy, std::chrono::seconds expires) const;
    std::string sign_part(const upload_id& upload, int number, std::chrono::seconds expires) const;

    // --- The other side ---

    /// Of a request that came to `path` (encoded, as it was sent) below the public URL: "/in/a%20b.jpg".
    sigv4::verdict check(sigv4::request got) const;
    sigv4::verdict check_form(const sigv4::fields& form) const;

    wall_time now() const { return time_->wall(); }
    const std::string& public_url() const noexcept { return public_url_; }

private:
    sigv4::scope scope() const;

    std::string public_url_;
    std::string path_; // of public_url_
    credentials keys_;
    clock* time_;
};

/// Of buckets that do.
class signs_locally {
public:
    virtual const local_signer& signer() const noexcept = 0;

protected:
    ~signs_locally() = default;
};

} // namespace infra::storage
