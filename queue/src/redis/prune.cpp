#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<std::size_t> prune(shared_store, std::vector<prune_request>) { throw std::logic_error("prune"); }

} // namespace infra::queue::redis_backend
