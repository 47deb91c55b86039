#pragma once

#include "placeholder.hpp"

#include <infra/email/template.hpp>

#include <cstddef>
#include <string>

namespace infra::email {

constexpr std::size_t max_template_file = 1024 * 1024; // and a layout's

/// "the template welcome (pt)", for messages.
std::string described(const email_template& t);

/// A body of Markdown without places for values, under the built-in layout.
rendered_email render_body(std::string subject, std::string_view markdown);

} // namespace infra::email
