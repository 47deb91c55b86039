#pragma once

#include "../board_state.hpp"
#include "../health/watch.hpp"

namespace infra::dashboard {

/// Last of all panels: it shows what the others have to say.
void add_overview_panel(const std::shared_ptr<board_state>& state, health_watch watch);

} // namespace infra::dashboard
