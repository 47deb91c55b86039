#pragma once

/// What may name an object, on every backend alike.
///
///     storage::check_key("avatars/user-123.jpg");              // throws, saying what is wrong with it
///     if (!storage::is_key(name_from_a_form)) return bad_request();
///
/// A key is 1 to 1024 bytes of well-formed UTF-8 in segments between '/'. No segment is empty, `.` or `..`; so there is no '/' at
/// the beginning, at the end or twice. No control characters (U+0000 to U+001F, U+007F, U+0080 to U+009F), and none of U+FFFE and
/// U+FFFF, which XML cannot carry. Case counts, and so does Unicode's normalisation: nothing is changed silently.

#include <string_view>

namespace infra::storage {

inline constexpr std::size_t max_key_size = 1024;

bool is_key(std::string_view text) noexcept;

/// Throws storage_error with infra::errc::invalid_input that says which rule is broken and where.
void check_key(std::string_view text);

/// A prefix to list may be empty, and may end anywhere, also with '/' or within a segment.
bool is_prefix(std::string_view text) noexcept;
void check_prefix(std::string_view text);

} // namespace infra::storage
