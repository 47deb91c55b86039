#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<std::vector<minute_counts>> history(shared_store, std::string, wall_time, wall_time) {
    throw std::logic_error("history");
}

} // namespace infra::queue::redis_backend
