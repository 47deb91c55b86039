#pragma once

/// Digests of bodies: those that S3 takes in headers.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::stub {

std::string md5(std::string_view bytes); ///< 16 bytes
std::string md5_of_pattern(std::uint64_t size);
std::string sha256(std::string_view bytes);

/// Base64 of "crc32", "crc32c", "crc64nvme", "sha1" or "sha256"; empty for another name.
std::optional<std::string> digest(std::string_view algorithm, std::string_view bytes);

/// Of the parts' own, which are Base64: "<Base64>-<count>".
std::string composite(std::string_view algorithm, std::string_view raw_sums, std::size_t count);

} // namespace infra::storage::stub
