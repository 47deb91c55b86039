#pragma once

#include <infra/email/resend.hpp>

namespace infra::email::resend {

/// Throws std::invalid_argument naming the field.
void validate(const resend_options& o);

} // namespace infra::email::resend
