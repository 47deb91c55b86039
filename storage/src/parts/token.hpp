#pragma once

/// What is remembered of an upload, as one line of text. Pure.

#include <infra/storage/bucket.hpp>
#include <infra/storage/checksum.hpp>
#include <infra/storage/conditions.hpp>
#include <infra/storage/options.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage {

struct upload_record {
    upload_id upload{}; ///< the key with the storage's prefix
    std::uint64_t part_size = 0;
    std::optional<std::uint64_t> size{}; ///< of the whole, where it is known
    std::optional<checksum_kind> sum{};  ///< what parts come with; empty: others put them, without
    object_attributes attributes{};
    write_conditions write{};
    std::map<int, part> parts{}; ///< those that have arrived
};

/// `up1.` and the record in Base64 (base64url) of JSON, `.` and its CRC-32C.
std::string to_token(const upload_record& record);

/// Throws storage_error with infra::errc::invalid_input for what is no token, was cut off or changed, or is of a later version. What
/// the token says is not believed beyond its form: keys, numbers and sizes are checked by whoever uses them.
upload_record from_token(std::string_view token);

} // namespace infra::storage
