#include "cache.hpp"
#include "cache_verbs.hpp"
#include "printable.hpp"
#include "table.hpp"

#include <infra/cache/removal.hpp>
#include <infra/redis.hpp>

#include <iterator>
#include <set>
#include <utility>

namespace infra::cli {
namespace {

// Up to one more than the limit.
awaitable<void> scan_one(const redis::client& server, std::string master, std::string prefix,
                         const cache_arguments& given, std::set<std::string>& found) {
    using page = std::pair<std::string, std::vector<std::string>>;
    std::string cursor = "0";
    do {
        auto [next, keys] = redis::to<page>(co_await server.execute_at(
            master, {"SCAN", cursor, "MATCH", escaped_pattern(prefix) + given.pattern, "COUNT", 1000}));
        cursor = std::move(next);
        for (const auto& each : keys)
            if (auto key = cache::key_below(prefix, each))
                found.insert(*std::move(key));
    } while (cursor != "0" && found.size() <= given.limit);
}

struct timed_key {
    std::string key;
    std::chrono::milliseconds left;
};

// Those that have gone meanwhile are left out.
awaitable<std::vector<timed_key>> with_times_left(cache::cache in, std::string prefix, std::set<std::string> keys) {
    std::vector<std::string> stored;
    for (const auto& each : keys)
        stored.push_back(prefix + each);
    const auto left = co_await in.stored()->time_left(std::move(stored));
    std::vector<timed_key> all;
    for (std::size_t i = 0; const auto& each : keys)
        if (const auto& time = left.at(i++))
            all.push_back({each, *time});
    co_return all;
}

std::string table_of_keys(const std::vector<timed_key>& all) {
    std::vector<table_row> rows;
    for (const auto& each : all)
        rows.push_back({shown_ttl(each.left), each.key});
    return table({"GOOD FOR", "KEY"}, rows);
}

json::array documents_of_keys(const std::vector<timed_key>& all) {
    json::array documents;
    for (const auto& [key, left] : all)
        documents.push_back(
            {{"key", key}, {"ttl_ms", left == cache::forever ? json::value() : json::value(left.count())}});
    return documents;
}

} // namespace

awaitable<exit_code> cache_scan(cache_arguments given, const output& to) {
    const auto in = opened(given);
    const auto prefix = co_await cache::prefix_in_store(in);
    const redis::client server(server_of(given));
    std::set<std::string> found;
    for (const auto& master : co_await server.masters())
        co_await scan_one(server, master, prefix, given, found);
    const bool more = found.size() > given.limit;
    while (found.size() > given.limit)
        found.erase(std::prev(found.end()));
    json::array keys(found.begin(), found.end());
    std::string text;
    for (const auto& each : found)
        text += (text.empty() ? "" : "\n") + printable(each);
    if (given.with_ttl && !found.empty()) {
        const auto timed = co_await with_times_left(in, prefix, found);
        text = table_of_keys(timed);
        keys = documents_of_keys(timed);
    }
    if (!text.empty() || to.json)
        to.print(text, {{"keys", std::move(keys)}, {"more", more}});
    if (more && !to.json)
        to.err << "infra: there are more; --limit shows them\n";
    co_return exit_code::ok;
}

awaitable<exit_code> cache_stats(cache_arguments given, const output& to) {
    const redis::client server(server_of(given));
    std::vector<server_facts> all;
    for (const auto& master : co_await server.masters()) {
        all.push_back(facts_from(redis::to<std::string>(co_await server.execute_at(master, {"INFO"}))));
        all.back().keys = redis::to<std::uint64_t>(co_await server.execute_at(master, {"DBSIZE"}));
    }
    const auto facts = sum_of(all);
    to.print(text_of(facts), document_of(facts));
    co_return exit_code::ok;
}

} // namespace infra::cli
