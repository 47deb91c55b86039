#pragma once

/// Header fields of RFC 5322, encoded by RFC 2047 and RFC 2231 and folded. Pure.

#include <infra/email/address.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::email::mime {

/// What stays together on a line, with the white space that stands before it. Folding puts a line break before that
/// space, so that unfolding gives back exactly what was there.
struct word {
    std::string space; ///< empty: cannot be folded here
    std::string text;
};
using words = std::vector<word>;

/// Free text (a subject): as it is when it is plain, otherwise in encoded words.
words unstructured(std::string_view text);

/// A name to show: atoms, a quoted string or encoded words, whichever it takes.
words phrase(std::string_view name);

/// `Name <a@b>, c@d`.
words mailboxes(const std::vector<address>& list);

/// `; name=value`, with the value quoted, or in RFC 2231's form where it is not plain or too long for a line.
words parameter(std::string_view name, std::string_view value);

/// Appends `name: words` with CRLF. The one choke point of every header: throws errc::bad_header when the name is not
/// printable ASCII without colon, when there is CR, LF or NUL in any word, or a word that no folding brings under 998
/// characters.
void append_field(std::string& to, std::string_view name, const words& value);

/// Throws errc::bad_header, naming `what`, for CR, LF or NUL in `text`. For values that are encoded before they get to
/// append_field and would no longer be recognised there.
void refuse_breaks(std::string_view what, std::string_view text);

} // namespace infra::email::mime
