#pragma once

// What a check says is shown to whoever can reach the probe, and error texts love to quote connection strings.
// In doubt more is cut than needed: a host less to read is cheaper than a password more.

#include <infra/base/json.hpp>
#include <infra/health/report.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace infra::health::detail {

/// `text` without secrets:
///
/// - `scheme://…@host` becomes `scheme://[redacted]@host`, up to the last @ of the word, since people forget to escape;
/// - after `password=`, `"api_key": `, `Authorization: ` and their like, the value becomes `[redacted]`: to the closing
///   quote if it is quoted, otherwise to the next white space;
/// - so does the word after `Bearer` and `Basic`, `user:…` before an @, and a word that looks like a key of a known kind.
std::string redact(std::string_view text);

/// True for a name whose value is nobody's business: it contains password, secret, token … in any case and spelling, or
/// has a part that is pass, pw or sig.
bool names_a_secret(std::string_view name) noexcept;

/// `text` redacted, as UTF-8, of at most `max_bytes`; what was cut ends in an ellipsis.
std::string clean_message(std::string_view text, std::size_t max_bytes = max_message_bytes);

/// `details` with every name and string cleaned and every secret member redacted; too large, they are replaced by
/// `{"dropped": "…"}`.
json::object clean_details(const json::object& details, std::size_t max_bytes = max_details_bytes);

/// A result as it may be shown; a status that is none is unhealthy.
check_result clean(check_result result);

} // namespace infra::health::detail
