#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<events_page> events(shared_store, events_request) { throw std::logic_error("events"); }

} // namespace infra::queue::redis_backend
