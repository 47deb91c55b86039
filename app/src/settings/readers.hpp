#pragma once

// What the modules themselves say about their variables, without being opened.

#include <infra/runtime/environment.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::app::settings {

/// Of each module all that it finds wrong, not only the first.
std::vector<std::string> problems_of_modules(const environment& variables);

/// The variable that a sentence is about: what stands before the first colon or space, without `_FILE`.
std::string subject_of(std::string_view problem);

} // namespace infra::app::settings
