#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<job_page> list(shared_store, list_request) { throw std::logic_error("list"); }

} // namespace infra::queue::redis_backend
