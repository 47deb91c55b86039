#pragma once

// A master acknowledges what its replicas have not been told of yet, and it is lost should the master fail then. Who wants that
// not to be waits for them.

#include "receipts.hpp"
#include "verbs.hpp"

#include <string>

namespace infra::queue::redis_backend {

/// Returns once redis_queue_options::replicas have what was written in this queue's slot before; at once where they are 0.
/// `as` is of the call that wrote it, the last one of its lane: a master that has not kept the answer to it is another one,
/// and what was written is lost. Throws errc::unavailable otherwise.
awaitable<void> wait_for_replicas(shared_store s, std::string queue, receipt as);

/// All on one connection of its own: WAIT is for what its connection has written.
awaitable<std::vector<redis::reply>> on_a_connection(shared_store s, std::string queue, redis::batch all);

} // namespace infra::queue::redis_backend
