#include "naming.hpp"
#include "restore.hpp"
#include "scripts.hpp"
#include "seen_schedules.hpp"
#include "slots.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;

/// Looked at anew, after others had changed them in between.
constexpr int most_looks = 20;

// --- Storing ------------------------------------------------------------------------------------------------------

std::string where_of_run(const job_options& options, wall_time run, wall_time now) {
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
    into.insert(into.end(), {run_id(change.becomes.id, run), where_of_run(options, run, change.now),
                             std::to_string(options.priority), expires ? *expires : ""});
    put_hash(into, std::move(hash));
}

void put_change(words& into, const schedule_change& change, const std::string& digest) {
    const auto& s = change.becomes;
    into.insert(into.end(), {s.id, digest, std::to_string(to_unix_ms(score_of(s))),
                             s.paused_since ? std::to_string(to_unix_ms(*s.paused_since)) : "",
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
            put_change(changes, *change, seen[i].digest);
            asked.push_back(std::move(all[i]));
        }
    if (asked.empty())
        co_return changed;
    co_await make_known(s, {queue});
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

} // namespace

awaitable<void> upsert(shared_store s, std::vector<new_schedule> schedules) {
    std::map<std::string, wishes> by_queue;
    for (std::size_t i = 0; i < schedules.size(); ++i)
        by_queue[schedules[i].queue].push_back(
            {schedules[i].id, i,
             [asked = schedules[i]](const known_schedule& known) { return std::optional(upserted(known, asked)); }});
    co_await fulfil(s, std::move(by_queue), schedules.size());
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

awaitable<std::vector<bool>> pause_schedules(shared_store s, std::vector<schedule_key> keys, wall_time now) {
    std::map<std::string, wishes> by_queue;
    for (std::size_t i = 0; i < keys.size(); ++i)
        by_queue[keys[i].queue].push_back(
            {keys[i].id, i, [now](const known_schedule& known) { return paused(known, now); }});
    co_return co_await fulfil(s, std::move(by_queue), keys.size());
}

awaitable<std::vector<bool>> resume_schedules(shared_store s, std::vector<resume_request> requests) {
    std::map<std::string, wishes> by_queue;
    for (std::size_t i = 0; i < requests.size(); ++i)
        by_queue[requests[i].of.queue].push_back(
            {requests[i].of.id, i,
             [asked = requests[i]](const known_schedule& known) { return resumed(known, asked); }});
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

} // namespace infra::queue::redis_backend
