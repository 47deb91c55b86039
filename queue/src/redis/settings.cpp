#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<queue_settings> configure(shared_store, settings_change) { throw std::logic_error("configure"); }

awaitable<queue_settings> settings(shared_store, std::string) { throw std::logic_error("settings"); }

awaitable<bool> forget_queue(shared_store, std::string) { throw std::logic_error("forget_queue"); }

} // namespace infra::queue::redis_backend
