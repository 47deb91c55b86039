#include "examination.hpp"

#include "key_names.hpp"
#include "naming.hpp"

#include <algorithm>
#include <ranges>

namespace infra::queue::redis_backend {
namespace {

constexpr std::size_t ids_of_a_page = 1000;

std::uint16_t bit_of(place where) { return static_cast<std::uint16_t>(1u << static_cast<unsigned>(where)); }

// Null where there are as many as may be looked at.
seen_job* note_job(examination& e, const std::string& queue, const std::string& id) {
    auto& jobs = e.queues[queue].jobs;
    if (const auto known = jobs.find(id); known != jobs.end())
        return &known->second;
    if (e.jobs == e.how.max_jobs) {
        e.complete = false;
        return nullptr;
    }
    ++e.jobs;
    return &jobs[id];
}

void note_part(examination& e, const key_name& key) {
    auto* const job = note_job(e, key.queue, key.id);
    if (!job)
        return;
    if (key.part == job_part::hash)
        job->has_hash = true;
    else if (key.part == job_part::lock)
        job->is_locked = true;
    else
        ++job->parts;
}

bool is_wanted(const examination& e, const std::string& queue) {
    return e.how.queues.empty() || std::ranges::find(e.how.queues, queue) != e.how.queues.end();
}

void note_keys(examination& e, const std::vector<std::string>& keys) {
    for (const auto& each : keys) {
        const auto key = read_key(e.at->options().prefix, each);
        if (!key || !is_wanted(e, key->queue))
            continue;
        auto& queue = e.queues[key->queue];
        if (key->what == key_name::kind::of_job)
            note_part(e, *key);
        else if (key->what == key_name::kind::deduplication)
            queue.slots.push_back(key->id);
        else if (key->what == key_name::kind::of_queue && key->id == "meta")
            queue.has_settings = true;
    }
}

void note_standing(examination& e, const std::string& queue, place where, const std::string& id) {
    auto* const job = note_job(e, queue, id);
    if (!job)
        return;
    job->twice |= job->in & bit_of(where);
    job->in |= bit_of(where);
}

bool is_list(place where) { return where == place::wait || where == place::paused || where == place::active; }

// While others write, some may be seen twice or not at all.
awaitable<void> see_place(shared_examination e, std::string queue, place where) {
    const auto keys = e->at->keys(queue);
    const auto key = where == place::parked ? keys.ours("parked") : keys.of_queue(to_string(where));
    for (std::size_t from = 0;; from += ids_of_a_page) {
        redis::command read(is_list(where) ? "LRANGE" : "ZRANGE");
        read.add(key).add(from).add(from + ids_of_a_page - 1);
        const auto ids = redis::to<std::vector<std::string>>(co_await e->at->ask(std::move(read)));
        for (const auto& each : ids)
            note_standing(*e, queue, where, each);
        if (ids.size() < ids_of_a_page)
            co_return;
    }
}

template <class Fits>
void forget_queues(examination& e, Fits fits) {
    std::erase_if(e.queues, [&](const auto& each) {
        const bool goes = fits(each.first, each.second);
        e.jobs -= goes ? each.second.jobs.size() : 0;
        return goes;
    });
}

bool may_be_ours(std::string_view queue) { return queue.find('~') != std::string_view::npos; }

// Ours look like a queue's: `bull:mail~group:vip` beside `bull:mail`.
void forget_what_is_no_queue(examination& e) {
    forget_queues(e, [](const auto& name, const auto& seen) { return may_be_ours(name) && !seen.has_settings; });
}

constexpr std::string_view settings = "meta";
constexpr std::pair<std::string_view, std::string_view> types[] = {
    {settings, "hash"},           {"wait", "list"},        {"paused", "list"},
    {"active", "list"},           {"prioritized", "zset"}, {"delayed", "zset"},
    {"waiting-children", "zset"}, {"completed", "zset"},   {"failed", "zset"},
    {"marker", "zset"},           {"repeat", "zset"},      {"stalled", "set"},
    {"events", "stream"},         {"id", "string"},        {"pc", "string"},
    {"limiter", "string"}};

awaitable<std::vector<key_facts>> read_types(shared_examination e, std::string queue) {
    const auto keys = e->at->keys(queue);
    std::vector<key_facts> all{{keys.ours("parked"), "zset"}};
    for (const auto& [word, type] : types)
        all.push_back({keys.of_queue(word), std::string(type)});
    all.push_back({keys.ours("paused"), "hash"});
    redis::batch ask;
    for (const auto& each : all)
        ask.add({"TYPE", each.name});
    const auto answers = co_await e->at->ask(std::move(ask));
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i].type = redis::to<std::string>(answers.at(i));
    co_return all;
}

// Whose settings are none is ours: a group may be called `meta`.
bool is_ours(const std::string& queue, const std::vector<key_facts>& keys) {
    const auto& of_settings = keys.at(1);
    return may_be_ours(queue) && of_settings.type != of_settings.expected;
}

// What nobody can read hurts that queue alone.
awaitable<void> set_aside_what_cannot_be_read(shared_examination e) {
    std::vector<std::string> names, unusable;
    std::ranges::copy(e->queues | std::views::keys, std::back_inserter(names));
    for (const auto& each : names) {
        const auto keys = co_await read_types(e, each);
        auto found = is_ours(each, keys) ? std::vector<finding>() : diagnose(each, keys);
        if (!found.empty() || is_ours(each, keys))
            unusable.push_back(each);
        std::ranges::move(found, std::back_inserter(e->unusable));
    }
    forget_queues(*e, [&](const auto& name, const auto&) { return std::ranges::count(unusable, name) > 0; });
}

void set_aside_what_is_split(examination& e) {
    if (!e.at->options().server.cluster)
        return;
    forget_queues(e, [&](const auto& name, const auto&) {
        const auto found = diagnose_slot(e.at->options().prefix, name);
        if (found)
            e.unusable.push_back(*found);
        return found.has_value();
    });
}

} // namespace

// Names of keys and then lists: what comes in between is looked at again, and is as it should be.
awaitable<void> see_all(shared_examination e) {
    co_await for_all_keys(e->at, pattern_of(e->at->options().prefix + ":") + "*",
                          [e](const std::vector<std::string>& keys) { note_keys(*e, keys); });
    forget_what_is_no_queue(*e);
    set_aside_what_is_split(*e);
    co_await set_aside_what_cannot_be_read(e);
    std::vector<std::string> names;
    std::ranges::copy(e->queues | std::views::keys, std::back_inserter(names));
    for (const auto& each : names)
        for (std::size_t i = 0; i < place_kinds; ++i)
            co_await see_place(e, each, static_cast<place>(i));
}

} // namespace infra::queue::redis_backend
