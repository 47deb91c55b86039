#pragma once

/// A mail as the text of RFC 5322 and MIME: what an .eml file holds and SMTP carries.

#include <infra/email/transport.hpp>

#include <string>

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

} // namespace infra::email
