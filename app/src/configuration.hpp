#pragma once

// What is wrong with the configuration of an application, all of it at once.

#include <infra/app.hpp>

#include <string>
#include <vector>

namespace infra::app {

/// The variables as they count beside the options: what a field says is not read from a variable.
environment left_to_say(const app_options& options, const environment& variables);

/// Problems of both, those of `first` first, and of each variable only one.
std::vector<std::string> merged(std::vector<std::string> first, std::vector<std::string> then);

} // namespace infra::app
