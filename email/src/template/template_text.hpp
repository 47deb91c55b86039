#pragma once

#include "placeholder.hpp"

#include <infra/email/template.hpp>

#include <string>

namespace infra::email {

/// "the template welcome (pt)", for messages.
std::string described(const email_template& t);

/// A body of Markdown without places for values, under the built-in layout.
rendered_email render_body(std::string subject, std::string_view markdown);

} // namespace infra::email
