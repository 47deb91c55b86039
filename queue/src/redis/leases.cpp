#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<std::vector<renewal>> extend(shared_store, std::vector<lease>, std::chrono::milliseconds, wall_time) {
    throw std::logic_error("extend");
}

} // namespace infra::queue::redis_backend
