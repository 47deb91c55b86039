#pragma once

// Who makes the next connection when one is lost.

#include "pipeline.hpp"

#include <functional>
#include <memory>

namespace infra::redis::detail {

/// From now until it is closed the pipeline has a connection, or somebody is at work on one. On its executor.
void keep_connected(const std::shared_ptr<pipeline>& p, std::function<void()> on_attach = nullptr,
                    std::function<void()> on_detach = nullptr);

} // namespace infra::redis::detail
