#pragma once

/// What may be repeated of the API's own words. Pure.

#include <infra/email/transport.hpp>

#include <span>
#include <string>
#include <string_view>

namespace infra::email::resend {

using mails_of_request = std::span<const mail* const>;

/// For people: on one line, 300 bytes at most, without addresses, without the names of those to whom `mails` go, and without
/// keys of the API.
std::string shown(std::string_view words, mails_of_request mails);

} // namespace infra::email::resend
