#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<std::vector<worker_info>> workers(shared_store, std::vector<std::string>) {
    throw std::logic_error("workers");
}

} // namespace infra::queue::redis_backend
