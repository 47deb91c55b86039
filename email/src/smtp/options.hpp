#pragma once

#include <infra/email/smtp.hpp>

namespace infra::email::smtp {

/// Throws std::invalid_argument naming the field.
void check(const smtp_options& options);

/// Checked, with what is left to us filled in: the port, and the field for keys of a server that we know.
smtp_options completed(smtp_options options);

} // namespace infra::email::smtp
