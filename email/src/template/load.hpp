#pragma once

#include <infra/email/template.hpp>

#include <string>

namespace infra::email {

/// Finds and reads a template, and its layout. Blocks on the disk. Throws errc::no_template with all paths tried,
/// errc::bad_template, infra::errc::io for a file that is there and cannot be read.
email_template load_from(const std::string& directory, const std::string& name, const std::string& locale);

} // namespace infra::email
