#include <infra/queue/redis.hpp>

#include <infra/base/error.hpp>

#include <stdexcept>

namespace infra::queue {
namespace {

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("queue::redis_queue_options::") + sentence);
}

} // namespace

void check(const redis_queue_options& options) {
    using namespace std::chrono_literals;
    require(!options.prefix.empty(), "prefix must not be empty");
    require(options.timeout > 0ms, "timeout must be more than 0");
    require(options.look_every >= 10ms && options.look_every <= 1min, "look_every must be from 10 ms to 1 minute");
    require(options.stalled_interval >= 100ms && options.stalled_interval <= 1h,
            "stalled_interval must be from 100 ms to 1 hour");
    require(options.max_waiting >= 1, "max_waiting must be at least 1");
    require(options.max_waiting_bytes >= 1, "max_waiting_bytes must be at least 1");
}

} // namespace infra::queue
