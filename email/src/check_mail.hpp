#pragma once

/// What no mail may hold, whoever wrote it: the caller, a template or a hook. Pure.

#include <infra/email/transport.hpp>

#include <cstddef>
#include <string_view>

namespace infra::email {

constexpr std::size_t max_recipients = 50; // to, cc and bcc together
constexpr std::size_t max_idempotency_key = 256;

/// Throws errc::bad_address, naming `field` and not the address, which may be somebody's.
void check_address(const char* field, const address& who);

/// Throws errc::bad_address, bad_header, no_attachment or, with words and attachments over `max_bytes`, too_large;
/// infra::errc::invalid_input for a mail without words.
void check_mail(const mail& m, std::size_t max_bytes);

/// Throws errc::unsupported for what the transport of that name cannot do, and says what to do instead.
void refuse_unsupported(const mail& m, const transport_traits& can, std::string_view transport);

} // namespace infra::email
