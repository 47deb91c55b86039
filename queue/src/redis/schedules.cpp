#include "verbs.hpp"

#include <stdexcept>

namespace infra::queue::redis_backend {

awaitable<void> upsert(shared_store, std::vector<new_schedule>) { throw std::logic_error("upsert"); }

awaitable<std::vector<bool>> remove_schedules(shared_store, std::vector<schedule_key>) {
    throw std::logic_error("remove_schedules");
}

awaitable<std::vector<schedule_info>> schedules(shared_store, std::optional<std::string>) {
    throw std::logic_error("schedules");
}

awaitable<std::vector<bool>> advance(shared_store, std::vector<advance_request>) { throw std::logic_error("advance"); }

} // namespace infra::queue::redis_backend
