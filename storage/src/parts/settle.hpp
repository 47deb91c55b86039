#pragma once

/// Whether an object is the one that was put. Pure.

#include <infra/storage/bucket.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace infra::storage {

/// The ETag that S3 gives an object of these parts, the MD5 of their MD5s and `-` and how many they are; empty where the parts'
/// ETags are no MD5s, as with encryption.
std::optional<std::string> composite_etag(const std::map<int, part>& parts);

/// Of the same size and, if the put was marked (put_mark.hpp), of its mark; otherwise of the same checksum or, where one of both is
/// unknown, of the same composite ETag. What can be compared by none of them is not it: that would be a guess.
bool is_made_of(const object_info& there, const std::map<int, part>& parts, const metadata_map& metadata = {});

} // namespace infra::storage
