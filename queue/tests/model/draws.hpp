#pragma once

// Random parts of what is asked, of which walk.hpp has the rest.

#include "lots.hpp"

#include <infra/queue/backend.hpp>

#include <chrono>
#include <string>

namespace infra::queue::tests {

std::string draw_queue(lots& draw);
std::chrono::milliseconds draw_ms(lots& draw, std::size_t most);

/// Mostly enough for all: but for four in so many.
keep draw_keep(lots& draw, std::size_t in = 20);
std::string draw_data(lots& draw);
group_limits draw_group_limits(lots& draw);

} // namespace infra::queue::tests
