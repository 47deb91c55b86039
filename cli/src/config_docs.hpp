#pragma once

/// The table of settings, written down for people, for a `.env.example` and for programs.

#include <infra/app/settings.hpp>

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::cli {

using settings_list = std::vector<const app::setting*>;

/// Those of a module, or all; kept together by module, in the order of the table.
settings_list settings_of(std::string_view module = {});

/// A table for each module below its name; without names where there is one module alone.
std::string markdown_of(const settings_list& settings);

/// Each commented out with its default or example, below what it means. Without those that only the command reads, or that
/// whatever starts a service sets.
std::string dotenv_of(const settings_list& settings);

boost::json::value document_of(const settings_list& settings);

} // namespace infra::cli
