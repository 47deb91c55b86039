#pragma once

#include "../board.hpp"

namespace infra::monitoring {
class tracer;
}

namespace infra::dashboard {

/// Page and API of traces. From now on ended spans are kept. `service` is its name in downloads. The tracer outlives the board.
void add_traces_panel(board on, monitoring::tracer& of, std::string service);

} // namespace infra::dashboard
