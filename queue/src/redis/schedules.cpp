#include "handed_on.hpp"
#include "naming.hpp"
#include "restore.hpp"
#include "schedule_changes.hpp"
#include "scripts.hpp"
#include "slots.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;

constexpr std::size_t schedules_of_a_call = 200;
/// Looked at anew, after others had changed them in between.
constexpr int most_looks = 20;

struct seen_schedule {
    known_schedule known{};
    std::string digest{};
    hash_fields hash{};
};

hash_fields fields_of(redis::reply::list flat) {
    hash_fields fields;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        fields.emplace_back(std::move(flat[i]).take_text(), std::move(flat[i + 1]).take_text());
    return fields;
}

std::optional<job_state> state_of(const redis::reply& word) {
    static constexpr std::pair<std::string_view, job_state> states[] = {
        {"waiting", job_state::waiting}, {"prioritized", job_state::waiting}, {"delayed", job_state::delayed},
        {"active", job_state::active},   {"completed", job_state::completed}, {"failed", job_state::failed}};
    if (word.is_null())
        return std::nullopt;
    const auto* found =
        std::ranges::find(states, std::string_view(word.as_text()), &std::pair<std::string_view, job_state>::first);
    return found == std::end(states) ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> text_of(redis::reply r) {
    return r.is_null() ? std::nullopt : std::optional(std::move(r).take_text());
}

std::vector<seen_schedule> read_seen(const std::string& queue, redis::reply answer) {
    auto flat = std::move(answer).take_items();
    std::vector<seen_schedule> all;
    for (std::size_t i = 0; i + 6 < flat.size(); i += 7) {
        seen_schedule one{.known = {.pending = state_of(flat[i + 4])}, .digest = flat[i + 3].as_text()};
        if (!flat[i + 1].is_null()) {
            one.hash = fields_of(std::move(flat[i + 2]).take_items());
            auto& is = one.known.is;
            is = read_scheduler(queue, std::move(flat[i]).take_text(), flat[i + 1].as_real(), one.hash);
            take_from_run(*is, one.hash, text_of(std::move(flat[i + 5])), text_of(std::move(flat[i + 6])));
        }
        all.push_back(std::move(one));
    }
    return all;
}

awaitable<std::vector<seen_schedule>> look_at(shared_store s, std::string queue, words ids) {
    auto look = scripts::read_schedules.call(words{s->keys(queue).base()}, ids).again(redis::replay::read);
    co_return read_seen(queue, co_await s->ask(std::move(look)));
}

// --- Storing ------------------------------------------------------------------------------------------------------

void put_hash(words& into, hash_fields hash) {
    into.push_back(std::to_string(hash.size() * 2));
    for (auto& [name, value] : hash) {
        into.push_back(std::move(name));
        into.push_back(std::move(value));
    }
}

std::string where_of(const job_options& options, wall_time run, wall_time now) {
    if (run > now)
        return std::to_string(to_unix_ms(run));
    return options.lifo ? "front" : "line";
}

void put_run(words& into, const schedule_change& change) {
    if (!change.run)
        return into.push_back("");
    const auto run = *change.run;
    auto hash = iteration_of(change.becomes, run, change.becomes.iterations, change.now);
    for (auto& [name, value] : hash)
        if (name == "opts" && !change.run_opts.empty())
            value = change.run_opts;
    const auto options = to_info(change.becomes, {}).options;
    const auto* expires = find_field(hash, "infra.expires");
    into.insert(into.end(), {run_id(change.becomes.id, run), where_of(options, run, change.now),
                             std::to_string(options.priority), expires ? *expires : ""});
    put_hash(into, std::move(hash));
}

void put(words& into, const schedule_change& change, const std::string& digest) {
    const auto& s = change.becomes;
    into.insert(into.end(), {s.id, digest, std::to_string(to_unix_ms(score_of(s))),
                             change.taken_away ? run_id(s.id, *change.taken_away) : ""});
    auto hash = hash_of(s);
    hash.insert(hash.end(), change.more.begin(), change.more.end());
    put_hash(into, std::move(hash));
    put_run(into, change);
}

/// What somebody asks of one schedule, and for which place of his answers.
struct wish {
    std::string id{};
    std::size_t place = 0;
    /// Gives nothing where nothing is to be done.
    std::function<std::optional<schedule_change>(const known_schedule& known)> decide{};
};
using wishes = std::vector<wish>;

words ids_of(const wishes& all) {
    words ids;
    for (const auto& each : all)
        ids.push_back(each.id);
    return ids;
}

/// Gives those of them whose schedules were changed by others meanwhile.
awaitable<wishes> try_to_fulfil(shared_store s, std::string queue, wishes all, std::vector<bool>& done) {
    const auto seen = co_await look_at(s, queue, ids_of(all));
    words changes;
    wishes asked, changed;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (const auto change = all[i].decide(seen.at(i).known)) {
            put(changes, *change, seen[i].digest);
            asked.push_back(std::move(all[i]));
        }
    if (asked.empty())
        co_return changed;
    const auto answers = co_await s->ask(scripts::put_schedules.call(words{s->keys(queue).base()}, changes));
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (answers.items().at(i).as_integer() == 1)
            done[asked[i].place] = true;
        else
            changed.push_back(std::move(asked[i]));
    co_return changed;
}

awaitable<void> fulfil(shared_store s, std::string queue, wishes all, std::vector<bool>& done) {
    for (int looks = 0; looks < most_looks && !all.empty(); ++looks)
        all = co_await try_to_fulfil(s, queue, std::move(all), done);
    if (!all.empty())
        throw error(errc::unavailable,
                    "the schedule \"" + all.front().id + "\" is changed by others all the time; try again later");
}

/// One after the other where they concern the same schedule.
std::vector<wishes> calls_of(wishes all) {
    std::vector<wishes> calls;
    std::map<std::string, std::size_t> next; // for each schedule, the call that it may be in
    for (auto& each : all) {
        auto& call = next[each.id];
        while (call < calls.size() && calls[call].size() >= schedules_of_a_call)
            ++call;
        if (call == calls.size())
            calls.emplace_back();
        calls[call++].push_back(std::move(each));
    }
    return calls;
}

awaitable<void> fulfil_in(shared_store s, std::string queue, wishes all, std::vector<bool>& done) {
    slot_of(s->options(), queue);
    co_await make_known(s, {queue});
    for (auto& call : calls_of(std::move(all)))
        co_await fulfil(s, queue, std::move(call), done);
}

/// True for those that were fulfilled. What one queue has in its way keeps none of the others from it.
awaitable<std::vector<bool>> fulfil(shared_store s, std::map<std::string, wishes> by_queue, std::size_t number) {
    std::vector<bool> done(number, false);
    std::exception_ptr failure;
    for (auto& [queue, all] : by_queue) {
        try {
            co_await fulfil_in(s, queue, std::move(all), done);
        } catch (const error&) {
            failure = failure ? failure : std::current_exception();
        }
    }
    if (failure)
        std::rethrow_exception(failure);
    co_return done;
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
    std::ranges::sort(all, {}, [](const seen_schedule& each) { return std::string_view(each.known.is->id); });
    co_return all;
}

awaitable<std::vector<schedule_info>> schedules_of(shared_store s, std::string queue) {
    std::vector<schedule_info> all;
    for (const auto& each : co_await seen_in(s, std::move(queue)))
        all.push_back(to_info(*each.known.is, each.known.pending));
    co_return all;
}

} // namespace

awaitable<void> upsert(shared_store s, std::vector<new_schedule> schedules) {
    std::map<std::string, wishes> by_queue;
    for (std::size_t i = 0; i < schedules.size(); ++i)
        by_queue[schedules[i].queue].push_back(
            {schedules[i].id, i,
             [asked = schedules[i]](const known_schedule& known) { return std::optional(upserted(known, asked)); }});
    co_await fulfil(s, std::move(by_queue), schedules.size());
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

awaitable<void> restore_schedules(shared_store s, std::vector<carried_schedule> schedules) {
    std::map<std::string, wishes> by_queue;
    for (std::size_t i = 0; i < schedules.size(); ++i)
        by_queue[schedules[i].known.queue].push_back(
            {schedules[i].known.id, i, [as = schedules[i]](const known_schedule& known) {
                 return known.is ? std::nullopt : std::optional(restored(as));
             }});
    co_await fulfil(s, std::move(by_queue), schedules.size());
}

awaitable<std::vector<bool>> advance(shared_store s, std::vector<advance_request> requests) {
    std::map<std::string, wishes> by_queue;
    for (std::size_t i = 0; i < requests.size(); ++i)
        by_queue[requests[i].of.queue].push_back(
            {requests[i].of.id, i,
             [asked = requests[i]](const known_schedule& known) { return advanced(known, asked); }});
    co_return co_await fulfil(s, std::move(by_queue), requests.size());
}

awaitable<std::vector<bool>> remove_schedules(shared_store s, std::vector<schedule_key> keys) {
    std::vector<bool> removed;
    for (const auto& key : keys) {
        auto call = scripts::remove_schedules.call({s->keys(key.queue).base()}, {key.id});
        removed.push_back((co_await s->ask(std::move(call))).items().at(0).as_integer() == 1);
    }
    co_return removed;
}

awaitable<std::vector<schedule_info>> schedules(shared_store s, std::optional<std::string> queue) {
    const auto names = queue ? queue_names{*queue} : co_await all_queues(s);
    std::vector<schedule_info> all;
    for (const auto& name : names)
        std::ranges::move(co_await schedules_of(s, name), std::back_inserter(all));
    co_return all;
}

} // namespace infra::queue::redis_backend
