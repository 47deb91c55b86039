#pragma once

#include "../board.hpp"
#include "watch.hpp"

namespace infra::dashboard {

void add_health_panel(board on, health_watch watch);

} // namespace infra::dashboard
