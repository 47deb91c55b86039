#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<claim_result> claim(shared_store, claim_request) { throw std::logic_error("claim"); }

awaitable<void> leave(shared_store, std::string) { throw std::logic_error("leave"); }

} // namespace infra::queue::redis_backend
