#pragma once

#include "../board.hpp"

namespace infra::monitoring {
class metrics;
}

namespace infra::dashboard {

class metric_history;

/// Page and API of metrics. From now on, while the service runs, they are looked at every 10 s and what they said is kept. They outlive the
/// board. For who wants to know what a number was.
std::shared_ptr<const metric_history> add_metrics_panel(board on, monitoring::metrics& of);

} // namespace infra::dashboard
