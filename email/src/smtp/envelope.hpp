#pragma once

/// A mail as SMTP carries it: who it is from and for, and its content as it goes over the line. Pure.

#include "reply.hpp"

#include <infra/email/transport.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email::smtp {

struct recipient {
    std::string email{};
    std::string_view field{}; ///< "to", "cc" or "bcc"
    std::size_t number = 0;   ///< in that list, from 1
};

struct envelope {
    std::string from{};
    std::vector<recipient> to{}; ///< each address once
};

/// Throws errc::bad_address for whatever could be more than an address, and for a mail to nobody.
envelope envelope_of(const mail& m);

/// MAIL, then RCPT for each, with their CRLF. `size` is that of the content, told to a server that wants to know.
std::vector<std::string> introductions(const envelope& e, std::size_t size, const capabilities& offers);

/// The message and the line that ends it. Blind copies are not in it; the idempotency key is, where `key_header` names a field.
std::string content_of(mail m, const std::string& key_header);

/// Lines that begin with a dot get a second one, which the server takes off (RFC 5321, section 4.5.2).
std::string stuffed(std::string_view message);

/// key_of(m), or a hash of it where a field cannot hold it as it is.
std::string key_for_header(const mail& m);

} // namespace infra::email::smtp
