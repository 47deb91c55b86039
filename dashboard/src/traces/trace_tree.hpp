#pragma once

// The spans of a trace as they stand inside each other, and which of them the whole waited for: pure.

#include "trace_store.hpp"

#include <vector>

namespace infra::dashboard {

/// A span where it stands in the tree. Children follow their parent, in the order of their beginnings.
struct tree_span {
    span_ptr span{};
    std::size_t depth = 0;
    std::size_t children = 0;
    bool open = false; ///< has not ended: its end is when it was looked at
    bool critical =
        false; ///< on the way from the first beginning to the last end of the whole trace, also after its parent's end
    std::chrono::nanoseconds own{}; ///< what no child accounts for
};

/// A span whose parent is not here stands as a root. `open` are spans that have not ended, whose ends are `now`.
std::vector<tree_span> tree_of(std::vector<span_ptr> ended, const std::vector<monitoring::span_record>& open,
                               wall_time now);

} // namespace infra::dashboard
