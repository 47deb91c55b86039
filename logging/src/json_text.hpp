#pragma once

// Typed values as JSON text, always valid and always UTF-8.

#include "line_buffer.hpp"
#include "redaction.hpp"

#include <infra/base/field.hpp>

#include <string>

namespace infra::logging {

/// `text` as it stands between JSON's quotes. Of bytes that are not UTF-8 each ill-formed part becomes U+FFFD. C1
/// controls (U+0080 to U+009F) are escaped too: raw, they command the terminal of whoever reads the log.
/// Quotes and backslashes may stay as they are where no JSON is written.
enum class quotes { escaped, kept };
void append_escaped(line_buffer& out, std::string_view text, quotes q = quotes::escaped);

/// With quotes.
void append_string(line_buffer& out, std::string_view text);

void append_value(line_buffer& out, const field_value& value);

/// The value as JSON text, without what no line may hold inside it.
std::string value_text(const field& f, const detail::redactor& hidden);

} // namespace infra::logging
