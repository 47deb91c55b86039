#pragma once

/// Settings: what is wrong with them by themselves.

#include "check.hpp"

#include <infra/app/settings.hpp>

namespace infra::cli::doctor {

/// `set`: how many have a value. `of_file`: problems of the lines of a `.env` file.
findings judge_settings(const app::settings_report& report, const std::vector<std::string>& of_file, std::size_t set);

findings look_at_settings(const situation& at);

} // namespace infra::cli::doctor
