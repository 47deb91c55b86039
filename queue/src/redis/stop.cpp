#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<void> stop(shared_store, deadline) { throw std::logic_error("stop"); }

} // namespace infra::queue::redis_backend
