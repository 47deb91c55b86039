#pragma once

/// AWS Signature Version 4 as S3 wants it: by header, by query, of a form; made and checked. Pure functions.
///
///     sigv4::request r{.method = "GET", .path = "/photos/a%20b.jpg", .headers = {{"host", "s3.example:9000"}}};
///     for (auto& [name, value] : sigv4::sign(r, sigv4::empty_payload, keys, {"us-east-1", now})) send(name, value);
///     auto query = sigv4::presign(r, 1h, keys, {"us-east-1", now});           // url = path + '?' + query
///
/// Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".

#include <infra/base/time.hpp>
#include <infra/storage/credentials.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::storage::sigv4 {

using fields = std::vector<std::pair<std::string, std::string>>;

/// One request as it will be sent.
struct request {
    std::string method = "GET";
    std::string path = "/"; ///< percent-encoded once, as in the request line; never normalised
    fields query{};         ///< decoded names and values, in any order
    fields headers{}; ///< all of them are signed; Host, with its port where it is not the scheme's, must be among them
};

struct scope {
    std::string region = "us-east-1";
    wall_time now{};
    std::string service = "s3";
};

inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view empty_payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
std::string payload_hash(std::string_view bytes); ///< SHA-256 in hex

/// The header fields to add: x-amz-date, x-amz-content-sha256, x-amz-security-token where there is one, authorization.
fields sign(const request& of, std::string_view payload, const credentials& keys, const scope& in);

/// The whole query, encoded, with the request's own pairs and the signature in it. `request::headers` beside Host must be sent.
std::string presign(const request& of, std::chrono::seconds expires, const credentials& keys, const scope& in);

/// The x-amz-signature of a policy document (post_policy.hpp), in hex.
std::string sign_policy(std::string_view base64_policy, const credentials& keys, const scope& in);

// --- The other side -----------------------------------------------------------------------------------------------

enum class verdict {
    good,
    unsigned_request, ///< nothing of a signature in it
    malformed,        ///< AuthorizationHeaderMalformed, AuthorizationQueryParametersError
    unknown_key,      ///< InvalidAccessKeyId
    wrong_scope,      ///< signed for another region or service
    expired,          ///< the URL's time is over, or has not begun
    skewed,           ///< RequestTimeTooSkewed: 15 minutes and more
    wrong_payload, ///< x-amz-content-sha256 is missing or is none; whether it is the body's, whoever has the body compares
    unsigned_headers, ///< Host or an x-amz-… of the request is not among the signed headers: AccessDenied
    mismatch,         ///< SignatureDoesNotMatch
};

/// Checks a request as a server got it: by its query where that has X-Amz-Signature, otherwise by its Authorization. `request::query`
/// has all pairs. `secret_of` gives the secret of an access key id. Compares in constant time.
verdict check(const request& got, const std::function<std::optional<std::string>(std::string_view)>& secret_of,
              const scope& in);

} // namespace infra::storage::sigv4
