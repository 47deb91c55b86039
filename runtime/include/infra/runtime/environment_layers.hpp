#pragma once

/// Environments over one another: what the process was started with over what a `.env` file says.
///
///     const auto all = infra::over(infra::environment::of_process(), defaults);

#include <infra/runtime/environment.hpp>

namespace infra {

/// What `upper` says, and beneath it what `lower` says of variables that are set in `upper` neither as NAME nor as NAME_FILE.
environment over(const environment& upper, const environment& lower);

/// Values for what the process was not started with: environment::of_process() has them from then on. Nothing of the process itself is
/// changed, nor of the programs that it starts. From any thread.
void set_beneath_process(environment lower);

} // namespace infra
