#include "replicas.hpp"

#include "store.hpp"

#include <infra/queue/error.hpp>

namespace infra::queue::redis_backend {
namespace {

// WAIT is for what its own connection has written: this, and by that all that the master had written before.
redis::batch touch_and_wait(const redis_queue_options& options, const receipt& as) {
    constexpr std::chrono::minutes answer_lasts{10};
    redis::batch all;
    all.add({"GETRANGE", as.lane, 0, 20}); // a number and a blank are no longer
    all.add({"PEXPIRE", as.lane, std::chrono::milliseconds(answer_lasts).count()});
    all.add({"WAIT", options.replicas, (options.timeout * 9 / 10).count() + 1});
    return all;
}

// The lane alone says nothing: earlier calls have left it there.
bool has_answered(const redis::reply& answer, const receipt& as) {
    return answer.as_text().starts_with(std::to_string(as.number) + ' ');
}

} // namespace

awaitable<std::vector<redis::reply>> on_a_connection(shared_store s, std::string queue, redis::batch all) {
    try {
        const auto own = co_await s->lease_for(std::move(queue));
        co_return co_await own.execute(std::move(all), s->limit());
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
}

awaitable<void> wait_for_replicas(shared_store s, std::string queue, receipt as) {
    const auto wanted = s->options().replicas;
    if (wanted == 0)
        co_return;
    auto all = touch_and_wait(s->options(), as);
    const auto answers = co_await on_a_connection(s, std::move(queue), std::move(all));
    for (const auto& each : answers)
        throw_if_refused(each);
    if (!has_answered(answers.at(0), as) || answers.at(1).as_integer() == 0)
        throw error(errc::unavailable, "the master has failed, and the one in its place does not have what was added");
    if (const auto have = answers.at(2).as_integer(); static_cast<std::size_t>(have) < wanted)
        throw error(errc::unavailable, "it was added, and is lost should the master fail now: " + std::to_string(have) +
                                           " replicas have it in time, and redis_queue_options::replicas is " +
                                           std::to_string(wanted));
}

} // namespace infra::queue::redis_backend
