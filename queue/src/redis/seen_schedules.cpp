#include "seen_schedules.hpp"

#include "handed_on.hpp"
#include "naming.hpp"
#include "restore.hpp"
#include "scripts.hpp"

#include <algorithm>
#include <iterator>

namespace infra::queue::redis_backend {
namespace {

hash_fields fields_of(redis::reply::list flat) {
    hash_fields fields;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        fields.emplace_back(std::move(flat[i]).take_text(), std::move(flat[i + 1]).take_text());
    return fields;
}

std::optional<job_state> state_of(const redis::reply& word) {
    static constexpr std::pair<std::string_view, job_state> states[] = {
        {"waiting", job_state::waiting},
        {"prioritized", job_state::waiting},
        {"delayed", job_state::delayed},
        {"active", job_state::active},
        {"completed", job_state::completed},
        {"failed", job_state::failed},
        {"waiting-children", job_state::waiting_children}};
    if (word.is_null())
        return std::nullopt;
    const auto* found =
        std::ranges::find(states, std::string_view(word.as_text()), &std::pair<std::string_view, job_state>::first);
    return found == std::end(states) ? std::nullopt : std::optional(found->second);
}

std::optional<double> real_of(const redis::reply& r) { return r.is_null() ? std::nullopt : std::optional(r.as_real()); }

std::vector<seen_schedule> read_seen(const std::string& queue, redis::reply answer) {
    auto flat = std::move(answer).take_items();
    std::vector<seen_schedule> all;
    for (std::size_t i = 0; i + 7 < flat.size(); i += 8) {
        seen_schedule one{.known = {.pending = state_of(flat[i + 4])}, .digest = flat[i + 3].as_text()};
        const auto time = real_of(flat[i + 1]), paused_since = real_of(flat[i + 7]);
        if (time || paused_since) {
            one.hash = fields_of(std::move(flat[i + 2]).take_items());
            auto& is = one.known.is;
            is = read_scheduler(queue, std::move(flat[i]).take_text(), time, one.hash, paused_since);
            take_from_run(*is, one.hash, redis::to<std::optional<std::string>>(std::move(flat[i + 5])),
                          redis::to<std::optional<std::string>>(std::move(flat[i + 6])));
        }
        all.push_back(std::move(one));
    }
    return all;
}

awaitable<std::vector<seen_schedule>> seen_in(shared_store s, std::string queue) {
    std::vector<seen_schedule> all;
    for (std::size_t from = 0;; from += schedules_of_a_call) {
        auto seen = co_await look_at(s, queue, {"", std::to_string(from), std::to_string(schedules_of_a_call)});
        for (auto& each : seen)
            if (each.known.is)
                all.push_back(std::move(each));
        if (seen.size() < schedules_of_a_call)
            break;
    }
    const auto id_of = [](const seen_schedule& each) { return std::string_view(each.known.is->id); };
    std::ranges::sort(all, {}, id_of);
    const auto again = std::ranges::unique(all, {}, id_of); // it came to stand elsewhere meanwhile
    all.erase(again.begin(), again.end());
    co_return all;
}

awaitable<std::vector<schedule_info>> schedules_of(shared_store s, std::string queue) {
    std::vector<schedule_info> all;
    for (const auto& each : co_await seen_in(s, std::move(queue)))
        all.push_back(to_info(*each.known.is, each.known.pending));
    co_return all;
}

} // namespace

awaitable<std::vector<seen_schedule>> look_at(shared_store s, std::string queue, std::vector<std::string> ids) {
    auto look = scripts::read_schedules.call(std::vector{s->keys(queue).base()}, ids).again(redis::replay::read);
    co_return read_seen(queue, co_await s->ask(std::move(look)));
}

awaitable<std::vector<carried_schedule>> carry_schedules(shared_store s, std::string queue) {
    std::vector<carried_schedule> all;
    const auto seen = co_await seen_in(s, queue);
    redis::batch runs;
    for (const auto& [known, digest, hash] : seen)
        runs.add({"HMGET", s->keys(queue).of_job(run_id(known.is->id, known.is->next.value_or(wall_time{}))),
                  "timestamp", "opts"});
    if (seen.empty())
        co_return all;
    auto answers = co_await s->ask(std::move(runs));
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const auto& is = *seen[i].known.is;
        auto run = redis::to<std::vector<std::optional<std::string>>>(std::move(answers.at(i)));
        all.push_back({.known = to_info(is, seen[i].known.pending),
                       .run_added_at = run.at(0) ? time_of(*run[0]) : std::nullopt,
                       .handed_on = handed_on_of(is, seen[i].hash, run.at(1).value_or(""))});
    }
    co_return all;
}

awaitable<std::vector<schedule_info>> schedules(shared_store s, std::optional<std::string> queue) {
    const auto names = queue ? queue_names{*queue} : co_await all_queues(s);
    std::vector<schedule_info> all;
    for (const auto& name : names)
        std::ranges::move(co_await schedules_of(s, name), std::back_inserter(all));
    co_return all;
}

} // namespace infra::queue::redis_backend
