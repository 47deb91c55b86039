#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<children_page> children(shared_store, children_request) { throw std::logic_error("children"); }

} // namespace infra::queue::redis_backend
