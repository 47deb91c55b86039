#pragma once

/// A Markdown body, parsed once into steps for HTML and for plain text, and how they are followed.

#include "placeholder.hpp"
#include "scope.hpp"
#include "steps.hpp"

#include <string>
#include <string_view>

namespace infra::email {

struct document {
    steps html;
    steps text;
};

/// Parses CommonMark with tables. `body` is well-formed UTF-8. Throws errc::too_large where a table might have over 1,000
/// columns or 200,000 cells, or quotations and lists over 500 levels; errc::bad_template, with `where` before it, for a
/// section that does not begin and end between the same blocks or within the same words.
document parse_markdown(const marked_text& body, const std::string& where);

/// What stands on a page beside its content.
struct page_words {
    std::string_view subject, preheader, language;
};

/// Appends what the steps write. Values are escaped; a target is fill_target's, then escaped.
void write_html(std::string& to, const steps& of, const page_words& words, const scope& values);

/// … as plain text, which ends in a line end. A value's line breaks become spaces; a target stands in parentheses.
void write_text(std::string& to, const steps& of, const scope& values);

/// Appends `text` with & < > and both quotes escaped, and U+FFFD for characters that HTML does not allow.
void append_escaped(std::string& to, std::string_view text);

} // namespace infra::email
