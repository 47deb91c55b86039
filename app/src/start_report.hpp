#pragma once

// What a service says of itself once it serves.

#include <infra/app.hpp>

#include <chrono>
#include <string>

namespace infra::app {

/// A line for each module, and one with everything.
void log_start(const app_options& options, const started& service, std::chrono::milliseconds took);

/// The same for people: empty unless stderr is a terminal.
std::string start_table(const app_options& options, const started& service);

} // namespace infra::app
