#pragma once

// The table through which the rooms below report.

#include <memory>

namespace infra::monitoring::detail {

class registry;

void install(std::shared_ptr<registry> r) noexcept;
void uninstall(const registry* r) noexcept;

/// Around a fork: fork.cpp.
void before_fork_of_meter() noexcept;
void after_fork_of_meter() noexcept;

} // namespace infra::monitoring::detail
