#pragma once

#include <infra/runtime/environment.hpp>

#include <string>

namespace infra::email {

/// Where mail goes by EMAIL_URL, and without it by RESEND_API_KEY; empty for neither. Throws infra::errc::misconfigured, naming the
/// variable: mail for people must not end in a folder because somebody relied on a key.
std::string url_of(const environment& variables, bool resend_is_linked);

} // namespace infra::email
