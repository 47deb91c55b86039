#pragma once

#include "../board.hpp"

#include <infra/realtime/hub.hpp>

#include <functional>

namespace infra::dashboard {

struct realtime_source {
    /// Asked for each request, so that it may be made later than the panel.
    std::function<realtime::hub()> hub; ///< not set: the process's own
};

/// Page `realtime`: channels, connections, what is said. README.md lists its routes; they stand beside those of realtime/admin.hpp, which
/// the command line speaks to.
void add_realtime_panel(board on, realtime_source from = {});

} // namespace infra::dashboard
