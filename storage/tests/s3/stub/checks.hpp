#pragma once

/// What S3 looks at before it does anything. Each throws a refusal.

#include "service.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::stub {

inline constexpr std::array<std::string_view, 5> checksum_algorithms = {"crc32", "crc32c", "crc64nvme", "sha1",
                                                                        "sha256"};

/// The answer to what is not signed well.
refusal refusal_of(sigv4::verdict v, const options& with, wall_time now);

void check_signature(const message& m, const stub::options& with, wall_time now);

/// x-amz-content-sha256 and Content-MD5, of a body that was kept.
void check_hashes(const message& m);

/// If-Match and the others of a GET, a HEAD (and, with their prefix, of a copy's source).
void check_read_conditions(const message& m, const stored& object, std::string_view prefix = "");

struct span_of_bytes {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    bool partial = false;
};
/// What a Range asks for; several at once, and what is none, mean the whole.
span_of_bytes range_of(const std::optional<std::string>& range, std::uint64_t size);

/// The headers that are kept with an object.
fields attributes_of(const message& m);

std::string unquoted(std::string_view etag);

} // namespace infra::storage::stub
