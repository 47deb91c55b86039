#pragma once

/// A mail as the text of RFC 5322 and MIME, what an .eml file holds and SMTP carries, and back.

#include <infra/email/transport.hpp>

#include <string>
#include <string_view>

namespace infra::email {

struct mime_options {
    /// Write what no recipient may see, blind copies, tags, topic and the time it is scheduled for, in the fields Bcc, X-Tag, X-Topic
    /// and X-Scheduled-At. Right for an outbox, which would lose them; wrong on the way to a server.
    bool senders_copy = false;
};

/// Lines end in CRLF and hold at most 78 characters wherever the format allows, 998 always. Text is UTF-8 in
/// quoted-printable, names and subjects in encoded words (RFC 2047), file names in RFC 2231's form.
///
/// Every field goes through one function, which throws errc::bad_header for CR, LF or NUL in any value.
std::string to_mime(const mail& from, const mime_options& options = {});

/// What to_mime() wrote, read again: the mail it was made of, but for what the text does not hold. Lines of text end in LF, the
/// date is in whole seconds, attachments name their type, those that are shown inline come first, and there is no idempotency key.
///
/// No reader of anybody's mail: throws infra::errc::invalid_input, saying what is strange, for a text that to_mime() does not
/// write, and takes time and memory in proportion to its size.
mail from_mime(std::string_view text);

} // namespace infra::email
