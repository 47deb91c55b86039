#pragma once

#include "board_state.hpp"

#include <memory>

namespace infra::dashboard {

/// mount(), and what it has made.
std::shared_ptr<board_state> mount_board(app::application& service, dashboard_options options);

} // namespace infra::dashboard
