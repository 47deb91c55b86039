#pragma once

// The table through which the rooms below report.

#include <memory>

namespace infra::monitoring::detail {

class registry;

void install(std::shared_ptr<registry> r) noexcept;
void uninstall(const registry* r) noexcept;

} // namespace infra::monitoring::detail
