#pragma once

/// Who asks a store.

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>
#include <infra/runtime/environment.hpp>

#include <functional>
#include <optional>
#include <string>

namespace infra::storage {

/// Appear in no error, log line, metric, span or description; the access key id alone does.
struct credentials {
    std::string access_key_id{};
    std::string secret_access_key{};
    std::string session_token{}; ///< of temporary ones
    std::optional<wall_time> expires{};
};

/// Asked before the first request, again five minutes before what it gave expires, and once after a store called them expired.
/// One call at a time.
using credentials_function = std::function<awaitable<credentials>()>;

/// S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY (with S3_SESSION_TOKEN), otherwise AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
/// AWS_SESSION_TOKEN, otherwise the profile AWS_PROFILE or `default` in AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials. Throws
/// infra::error with errc::misconfigured that names what is missing: half a pair is not passed over.
credentials credentials_from(const environment& variables);

/// One section of a credentials file in AWS's format. Throws infra::error: errc::io where it cannot be read, misconfigured where the
/// section or one of its two keys is missing.
credentials credentials_from_file(const std::string& path, const std::string& profile = "default");

} // namespace infra::storage
