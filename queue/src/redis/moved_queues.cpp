#include "key_names.hpp"
#include "naming.hpp"
#include "replicas.hpp"
#include "restore.hpp"
#include "scripts.hpp"
#include "slots.hpp"

namespace infra::queue::redis_backend {
namespace {

constexpr auto mark_field = "infra.moving_to";

redis::batch mark_commands(const std::string& meta, const move_mark& asked) {
    redis::batch all;
    if (asked.to && asked.to->empty())
        all.add(redis::command{"HDEL", meta, mark_field});
    else if (asked.to)
        all.add(redis::command{asked.instead ? "HSET" : "HSETNX", meta, mark_field, *asked.to});
    all.add(redis::command{"HGET", meta, mark_field});
    return all;
}

// WAIT is for what its own connection has written, and by that for all that the master had written before.
redis::batch write_and_wait(const store& s, const std::string& queue) {
    const auto meta = s.keys(queue).of_queue("meta");
    redis::batch all;
    all.add({"HSET", meta, "infra.settling", 1}).add({"HDEL", meta, "infra.settling"});
    all.add({"WAIT", s.options().replicas, (s.options().timeout * 9 / 10).count() + 1});
    return all;
}

bool may_name_a_job(const store& s, const job_key& job) {
    const auto name = read_key(s.options().prefix, s.keys(job.queue).of_job(job.id));
    return name && name->part == job_part::hash &&
           (name->what == key_name::kind::of_job || job.id.starts_with("relay")); // a word only since BullMQ 6.7
}

} // namespace

awaitable<void> settle(shared_store s, std::string queue) {
    const auto wanted = s->options().replicas;
    if (wanted == 0)
        co_return;
    auto all = write_and_wait(*s, queue);
    const auto answers = co_await on_a_connection(s, std::move(queue), std::move(all));
    for (const auto& each : answers)
        throw_if_refused(each);
    if (const auto have = answers.back().as_integer(); static_cast<std::size_t>(have) < wanted)
        throw error(errc::unavailable, "what was carried is lost should the master fail now: " + std::to_string(have) +
                                           " replicas have it in time, and redis_queue_options::replicas is " +
                                           std::to_string(wanted) + "; it is still where it was: move again");
}

std::string refusal_of(const store& s, const carried_job& job) {
    const auto& known = job.known;
    if (!may_name_a_job(s, {known.queue, known.id}))
        return "their ids are what BullMQ calls keys of its own";
    if (!known.parent)
        return {};
    try {
        check_one_slot(s.options(), std::vector{known.queue, known.parent->queue}, std::identity());
    } catch (const error& e) {
        return e.what();
    }
    return {};
}

awaitable<std::uint64_t> pass_numbers(shared_store s, std::string queue, std::uint64_t last) {
    const auto of = s->keys(queue);
    auto pass = scripts::restore_jobs.call(std::vector{of.base()}, std::vector{std::to_string(last)});
    if ((co_await s->ask(std::move(pass).again(redis::replay::idempotent))).is_null())
        throw not_paused_error(queue);
    co_return redis::to<std::optional<std::uint64_t>>(co_await s->ask(redis::command{"GET", of.of_queue("id")}))
        .value_or(0);
}

awaitable<std::string> mark_moving(shared_store s, move_mark asked) {
    slot_of(s->options(), asked.queue);
    if (asked.to && !asked.to->empty())
        co_await make_known(s, {asked.queue});
    auto answers = co_await s->ask(mark_commands(s->keys(asked.queue).of_queue("meta"), asked));
    for (const auto& each : answers)
        redis::throw_if_error(each);
    co_return redis::to<std::optional<std::string>>(std::move(answers.back())).value_or("");
}

} // namespace infra::queue::redis_backend
