#pragma once

// Conditional and range requests on one representation (RFC 9110 sections 13 and 14).

#include <infra/base/http_message.hpp>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace infra::http::detail {

/// What the file is now.
struct representation {
    std::string etag; ///< with its quotes
    std::time_t modified = 0;
    std::uint64_t size = 0;
};

struct byte_range {
    std::uint64_t first = 0;
    std::uint64_t size = 0;
    friend bool operator==(const byte_range&, const byte_range&) = default;
};

enum class selection { whole, part, not_modified, precondition_failed, unsatisfiable };

struct decision {
    selection what = selection::whole;
    byte_range range{};
};

/// What GET or HEAD with these fields is to be answered with, in the order of section 13.2.2.
decision decide(const headers& request, const representation& now);

/// A `Range` field against a size. Empty for anything but one well-formed range of bytes (which is then ignored); a
/// range of size 0 when nothing of it exists.
std::optional<byte_range> parse_range(std::string_view text, std::uint64_t size) noexcept;

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string format_http_date(std::time_t t);
std::optional<std::time_t> parse_http_date(std::string_view text) noexcept;

} // namespace infra::http::detail
