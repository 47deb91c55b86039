#pragma once

/// Header fields of RFC 5322, encoded by RFC 2047 and RFC 2231 and folded. Pure.

#include <infra/email/address.hpp>

#include <cstddef>
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

/// Free text (a subject): as it is when it is plain and no word of it is longer than a line, otherwise in encoded words. It
/// begins at `column` of its first line, that is behind the field's name and colon.
words unstructured(std::string_view text, std::size_t column);

/// Free text as it is when it is plain, however long its words: for fields whose meaning the module does not know and in
/// which an encoded word might be read as it stands, such as a link of List-Unsubscribe.
words further(std::string_view text, std::size_t column);

/// A name to show: atoms, a quoted string or encoded words, whichever it takes.
words phrase(std::string_view name, std::size_t column);

/// `Name <a@b>, c@d`.
words mailboxes(const std::vector<address>& list, std::size_t column);

/// `; name=value`, with the value quoted, or in RFC 2231's form where it is not plain or too long for a line.
words parameter(std::string_view name, std::string_view value);

/// Appends `name: words` with CRLF. The first word stays on the first line, which some readers would otherwise take for the
/// whole field. The one choke point of every header: throws errc::bad_header when the name is not
/// printable ASCII without colon, when there is CR, LF or NUL in any word, or a line that no folding brings under 998
/// characters.
void append_field(std::string& to, std::string_view name, const words& value);

/// Throws errc::bad_header, naming `what`, for CR, LF or NUL in `text`. For values that are encoded before they get to
/// append_field and would no longer be recognised there.
void refuse_breaks(std::string_view what, std::string_view text);

} // namespace infra::email::mime
