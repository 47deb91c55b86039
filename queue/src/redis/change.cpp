#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<change_result> change(shared_store, change_request) { throw std::logic_error("change"); }

} // namespace infra::queue::redis_backend
