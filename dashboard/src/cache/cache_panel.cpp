#include "cache_panel.hpp"

#include "../texts.hpp"
#include "desk.hpp"

#include <infra/base/with_deadline.hpp>
#include <infra/cache/listing.hpp>

#include <algorithm>
#include <utility>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_key_groups = 100;
constexpr std::chrono::seconds time_for_cache{1};
constexpr double failing_loads = 0.1; // of all, that is worth a look
constexpr double enough_loads = 10;   // to say so

json::value ratio_of(const cache_counts& c) {
    const auto ratio = c.ratio();
    return ratio ? json::value(*ratio) : json::value();
}

json::value document_of_counts(std::string_view name, const cache_counts& c, std::chrono::duration<double> over) {
    const auto seconds = over.count();
    return {{"name", name},
            {"ratio", ratio_of(c)},
            {"hits", c.hits},
            {"misses", c.misses},
            {"stale", c.stale},
            {"loads", c.loads},
            {"failed_loads", c.failed_loads},
            {"per_second", seconds >= 1 ? json::value(c.asked() / seconds) : json::value()}};
}

// Those that are asked for most, first.
json::array groups_of(const cache_seen& seen) {
    std::vector<std::pair<std::string, cache_counts>> all(seen.by_name.begin(), seen.by_name.end());
    std::ranges::sort(all, [](const auto& a, const auto& b) { return a.second.asked() > b.second.asked(); });
    if (all.size() > most_key_groups)
        all.resize(most_key_groups);
    json::array items;
    for (const auto& [name, counts] : all)
        items.push_back(document_of_counts(name, counts, seen.over));
    return items;
}

// Empty: it answers.
awaitable<std::string> trouble_with_cache(cache::cache values) {
    try {
        auto asking = values.stored()->ping();
        co_await with_deadline(std::move(asking), deadline::after(time_for_cache));
        co_return "";
    } catch (const error& e) {
        co_return e.what();
    }
}

awaitable<json::value> document(shared_cache desk) {
    const auto values = desk->values();
    const auto seen = desk->seen();
    const auto stats = values.stored()->stats();
    const auto problem = co_await trouble_with_cache(values);
    auto made = document_of_counts(values.options().prefix, seen.total, seen.over);
    auto& o = made.as_object();
    o["store"] = values.stored()->description();
    o["prefix"] = values.options().prefix;
    o["lists_keys"] = dynamic_cast<const cache::key_listing*>(values.stored().get()) != nullptr;
    o["problem"] = problem;
    o["over_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(seen.over).count();
    o["entries"] = stats.entries;
    o["bytes"] = stats.bytes;
    o["evictions"] = stats.evictions;
    o["expirations"] = stats.expirations;
    o["groups"] = groups_of(seen);
    co_return made;
}

awaitable<http::response> show(shared_cache desk) { co_return http::response::ok(co_await document(desk)); }

std::vector<figure> cache_figures(const shared_cache& desk) {
    return {{.name = "cache_hit",
             .label = "Cache hit",
             .value = desk->seen().total.ratio(),
             .unit = "ratio",
             .link = "#/cache"}};
}

std::vector<concern> failing_groups(const cache_seen& seen) {
    std::vector<concern> all;
    for (const auto& [name, c] : seen.by_name)
        if (const auto loads = c.loads + c.failed_loads;
            loads >= enough_loads && c.failed_loads > loads * failing_loads)
            all.push_back({.severity = level::warn,
                           .text = std::to_string(static_cast<std::uint64_t>(c.failed_loads)) + " of " +
                                   std::to_string(static_cast<std::uint64_t>(loads)) + " loads of " + cut(name, 100) +
                                   " for the cache failed",
                           .link = "#/cache",
                           .count = static_cast<std::size_t>(c.failed_loads)});
    return all;
}

awaitable<std::vector<concern>> cache_concerns(shared_cache desk) {
    auto all = failing_groups(desk->seen());
    if (const auto problem = co_await trouble_with_cache(desk->values()); !problem.empty())
        all.insert(
            all.begin(),
            {.severity = level::error, .text = "the cache does not answer: " + cut(problem, 200), .link = "#/cache"});
    co_return all;
}

} // namespace

void add_cache_panel(board on, cache_source from) {
    const shared_cache desk(new cache_desk{.from = std::move(from), .time = on.time()});
    on.page("cache");
    on.show("/cache", [desk](http::request) { return show(desk); });
    on.live("cache", [desk] { return document(desk); });
    on.figures([desk]() -> awaitable<std::vector<figure>> { co_return cache_figures(desk); });
    on.concerns([desk] { return cache_concerns(desk); });
    add_cache_keys(on, desk);
    add_cache_removal(on, desk);
}

} // namespace infra::dashboard
