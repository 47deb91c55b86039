#pragma once

// What the world is told of a check: the metric always, a log line and the listeners when something has changed.

#include "run.hpp"

#include <infra/health/registry.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace infra::health::detail {

using listener = std::function<void(const status_change&)>;
using listener_list = std::vector<std::shared_ptr<const listener>>;

struct news {
    std::shared_ptr<entry> of; // null: the service as a whole
    health_status was;
    health_status is;
    std::string message;

    void tell(const listener_list& listeners) const noexcept;
};

} // namespace infra::health::detail
