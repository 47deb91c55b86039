#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<std::vector<std::optional<job_info>>> get(shared_store, std::vector<job_key>) {
    throw std::logic_error("get");
}

} // namespace infra::queue::redis_backend
