#pragma once

/// Settings with what counts of each, whoever was asked: the variables here, or a service that runs. Pure.

#include "frame.hpp"

#include <infra/base/json.hpp>

#include <string>
#include <vector>

namespace infra::cli {

struct shown_setting {
    std::string name{};
    std::string module{};
    std::string value{}; ///< fit to be shown; empty: nothing counts
    std::string source{};
    std::string problem{};
    bool secret = false;
    bool is_set = false; ///< somewhere, rather than by default
};
using shown_settings = std::vector<shown_setting>;

/// Of the settings of a service's dashboard.
shown_setting setting_in(const json::value& item);

struct setting_choice {
    std::vector<std::string> names{};
    std::string module{};
    bool only_set = false;
    bool all = false;
};

/// In their order. Throws refused for a name or a module that is not among them.
shown_settings chosen(const setting_choice& which, const shown_settings& from);

std::string setting_table_of(const shown_settings& settings, const output& to);
json::value setting_document_of(const shown_setting& setting);

} // namespace infra::cli
