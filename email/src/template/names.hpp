#pragma once

/// The names that a template asks for, and the refusal of those that nobody gives. Pure.

#include "compiled.hpp"
#include "scope.hpp"

#include <infra/email/template.hpp>

#include <string>
#include <vector>

namespace infra::email {

/// What `strict` is: throws errc::missing_variable if any name is missing, errc::bad_template if there are tags that no value
/// would help; the sentence lists them all.
void refuse_gaps(const email_template& t, const compiled_template& c, const list_of_names& missing);

/// The same before there are data, by the names that they will have. What stands in a section may be its element's and passes.
void refuse_unexpected(const email_template& t, const std::vector<std::string>& expected);

} // namespace infra::email
