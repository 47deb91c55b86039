#pragma once

// Whether a value has the form that its setting wants.

#include <infra/app/settings.hpp>

#include <string>
#include <string_view>

namespace infra::app::settings {

/// What is wrong with the value, as a sentence that begins with the variable's name and never repeats the value; empty: nothing is.
std::string form_problem(const setting& of, const environment& variables);

/// The value as it may be shown.
std::string shown(const setting& of, const std::string& value);

/// Items between commas, without the spaces around them and without empty ones.
std::vector<std::string> list_of(std::string_view text);

} // namespace infra::app::settings
