#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<std::vector<queue_counts>> counts(shared_store, std::vector<std::string>) {
    throw std::logic_error("counts");
}

awaitable<std::vector<std::optional<wall_time>>> waiting_since(shared_store, std::vector<std::string>, wall_time) {
    throw std::logic_error("waiting_since");
}

} // namespace infra::queue::redis_backend
