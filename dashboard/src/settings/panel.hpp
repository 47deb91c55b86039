#pragma once

#include "../board_state.hpp"

#include <infra/app/settings.hpp>

#include <string>
#include <utility>
#include <vector>

namespace infra::dashboard {

/// What the service was made of, a name and a text each.
using facts = std::vector<std::pair<std::string, std::string>>;

struct settings_source {
    std::function<std::vector<app::effective_setting>()> settings{};
    std::function<std::vector<std::string>()> warnings{}; ///< names that look like mistakes
    facts build{};
};

/// The configuration as it is in force, secrets masked; what the service is made of; how far back each ring goes; and the record of
/// actions. Also the links that let others in.
void add_settings_panel(const std::shared_ptr<board_state>& state, settings_source source);

/// {"name","module","value","source","meaning","secret","problem","standard"}
json::object document_of(const app::effective_setting& s);

/// What this library was built with, and on which machine it runs.
facts facts_of_build();

} // namespace infra::dashboard
