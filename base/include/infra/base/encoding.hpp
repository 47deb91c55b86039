#pragma once

/// Bytes as text and back: Base64 and hex (RFC 4648), percent and form encoding (RFC 3986, WHATWG URL), UTF-8.
///
///     auto token = encoding::base64url_encode(bytes);
///     if (auto bytes = encoding::base64url_decode(token)) use(*bytes);
///     auto path = "/" + encoding::percent_encode(key, encoding::path);
///
/// Threads:  pure functions.
/// Errors:   an encoder accepts every input. A decoder accepts exactly what its encoder could have written (but for the
///           case of hex digits and for needless percent signs) and gives an empty optional for anything else: two
///           different texts never decode to the same bytes behind a signature's back.

#include <optional>
#include <string>
#include <string_view>

namespace infra::encoding {

/// Standard alphabet, padded with '=' (RFC 4648 section 4).
std::string base64_encode(std::string_view bytes);

/// Empty for a foreign character (white space too), missing or surplus padding, or unused bits that are not zero.
std::optional<std::string> base64_decode(std::string_view text);

/// The alphabet with '-' and '_' and without padding, as in tokens and URLs (RFC 4648 section 5, RFC 7515).
std::string base64url_encode(std::string_view bytes);

/// As base64_decode; padding is refused.
std::optional<std::string> base64url_decode(std::string_view text);

/// Two lower-case digits a byte.
std::string hex_encode(std::string_view bytes);

/// Accepts both cases.
std::optional<std::string> hex_decode(std::string_view text);

/// Sets for `percent_encode`, beside what RFC 3986 calls unreserved: letters, digits, '-', '.', '_', '~'.
inline constexpr std::string_view unreserved{};              ///< a query's names and values; a signature's
inline constexpr std::string_view path = "/";                ///< an object's key as a path, as SigV4 wants it
inline constexpr std::string_view segment = "!$&'()*+,;=:@"; ///< RFC 3986's pchar: one part of a path, readable

/// Each byte that is neither unreserved nor in `also_keep` as %XX with upper-case digits. '%' is always encoded.
std::string percent_encode(std::string_view bytes, std::string_view also_keep = unreserved);

/// Empty when a '%' is not followed by two hex digits. '+' stays '+'. The result may hold any byte, NUL and '/' too.
std::optional<std::string> percent_decode(std::string_view text);

/// A name or value of application/x-www-form-urlencoded: a space is '+', only letters, digits and "*-._" stay.
std::string form_encode(std::string_view bytes);

/// As percent_decode, with '+' read as a space. For query strings and form bodies, one name or value at a time.
std::optional<std::string> form_decode(std::string_view text);

/// A URL for a log or a page: without user, password and query. A password may hold any character, `?` too; where that
/// leaves a doubt, only the scheme is shown.
std::string shown_url(std::string_view url);

/// Well-formed by table 3-7 of the Unicode Standard: no surrogates, no overlong forms, nothing past U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

/// `text` with each ill-formed part replaced by U+FFFD, one for each maximal part as browsers do it.
std::string to_utf8(std::string_view text);

} // namespace infra::encoding
