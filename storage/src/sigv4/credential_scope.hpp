#pragma once

/// When, where and by whom something was signed, as text.

#include "sigv4.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::sigv4 {

inline constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

/// "20130524T000000Z"; the day is its first eight characters.
std::string timestamp(wall_time t);
std::optional<wall_time> parse_timestamp(std::string_view text) noexcept;

/// "20130524/us-east-1/s3/aws4_request"
std::string credential_scope(std::string_view timestamp, const scope& in);

/// "AKID/20130524/us-east-1/s3/aws4_request"
std::string credential_of(const credentials& keys, std::string_view timestamp, const scope& in);

/// The same, taken apart; views into it. The access key id may hold a '/'.
struct credential {
    std::string_view key_id, day, region, service;
};
std::optional<credential> parse_credential(std::string_view text) noexcept;

} // namespace infra::storage::sigv4
