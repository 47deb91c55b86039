#include "replicas.hpp"

#include "store.hpp"

#include <infra/queue/error.hpp>

namespace infra::queue::redis_backend {
namespace {

// WAIT is for what its own connection has written: this, and by that all that the master had written before.
redis::batch touch_and_wait(const redis_queue_options& options, const std::string& touched) {
    constexpr std::chrono::minutes key_lasts{10};
    redis::batch both;
    both.add({"PEXPIRE", touched, std::chrono::milliseconds(key_lasts).count()});
    both.add({"WAIT", options.replicas, (options.timeout * 9 / 10).count() + 1});
    return both;
}

awaitable<std::vector<redis::reply>> on_a_connection(shared_store s, std::string queue, redis::batch both) {
    try {
        const auto own = co_await s->lease_for(std::move(queue));
        co_return co_await own.execute(std::move(both), s->limit());
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
}

} // namespace

awaitable<void> wait_for_replicas(shared_store s, std::string queue, std::string touched) {
    const auto wanted = s->options().replicas;
    if (wanted == 0)
        co_return;
    auto both = touch_and_wait(s->options(), touched);
    const auto answers = co_await on_a_connection(s, std::move(queue), std::move(both));
    for (const auto& each : answers)
        throw_if_refused(each);
    if (answers.at(0).as_integer() == 0)
        throw error(errc::unavailable, "the master has failed, and the one in its place does not have what was added");
    if (const auto have = answers.at(1).as_integer(); static_cast<std::size_t>(have) < wanted)
        throw error(errc::unavailable, "it was added, and is lost should the master fail now: " + std::to_string(have) +
                                           " replicas have it in time, and redis_queue_options::replicas is " +
                                           std::to_string(wanted));
}

} // namespace infra::queue::redis_backend
