#pragma once

/// What must hold before a store of ours does something (RFC 9110 section 13), and which bytes a range means. All throw storage_error
/// with a sentence that begins with `what`: "get a.txt".

#include <infra/storage/conditions.hpp>
#include <infra/storage/object.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace infra::storage {

/// errc::precondition; its name() is "not_modified" where the reader has what is there already.
void check_read(const read_conditions& conditions, const object_info& there, const std::string& what);

/// errc::precondition. `etag_there` is empty where there is no object.
void check_write(const write_conditions& conditions, const std::optional<std::string>& etag_there,
                 const std::string& what);

struct resolved_range {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    friend bool operator==(const resolved_range&, const resolved_range&) = default;
};

/// errc::bad_range where it begins behind the end, infra::errc::invalid_input where it cannot be one. No range: all.
resolved_range resolve_range(const std::optional<byte_range>& range, std::uint64_t size, const std::string& what);

} // namespace infra::storage
