#pragma once

#include "../board.hpp"

namespace infra::logging {
class pipeline;
}

namespace infra::dashboard {

/// Page and API of the log: search, tail, errors in groups, levels at runtime. From now on the pipeline's lines are kept. It outlives the board.
void add_logs_panel(board on, logging::pipeline& of);

} // namespace infra::dashboard
