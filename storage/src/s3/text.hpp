#pragma once

/// The small words of the protocol: ETags, times, ranges, values of metadata. Pure.

#include "../metadata_field.hpp"

#include <infra/base/time.hpp>
#include <infra/storage/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::s3 {

/// Without the quotes around it; a weak one stays as it is.
std::string without_quotes(std::string_view etag);
std::string with_quotes(std::string_view etag);

/// `2009-10-12T17:50:30.000Z`, with or without the fraction.
std::optional<wall_time> parse_time(std::string_view text) noexcept;

/// A number and nothing else.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

/// "bytes=0-9"; empty for a range that is the whole.
std::string range_field(const byte_range& r);

/// `bytes 0-9/100`. The size is missing where it is `*`.
struct content_range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::optional<std::uint64_t> size{};

    friend bool operator==(const content_range&, const content_range&) = default;
};
std::optional<content_range> parse_content_range(std::string_view text) noexcept;

/// Whether `text` has `part` in it, in any case of ASCII.
bool mentions(std::string_view text, std::string_view part) noexcept;

} // namespace infra::storage::s3
