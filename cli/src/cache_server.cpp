#include "cache.hpp"
#include "cache_verbs.hpp"
#include "printable.hpp"

#include <infra/redis.hpp>

#include <iterator>
#include <set>
#include <utility>

namespace infra::cli {
namespace {

// Where the keys of this prefix lie now: a flush moves them.
awaitable<std::string> prefix_in_store(cache::cache of) {
    auto key = co_await of.key_in_store("x");
    key.pop_back();
    co_return key;
}

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
            if (auto key = key_below(prefix, each))
                found.insert(*std::move(key));
    } while (cursor != "0" && found.size() <= given.limit);
}

} // namespace

awaitable<exit_code> cache_scan(cache_arguments given, const output& to) {
    const auto prefix = co_await prefix_in_store(opened(given));
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
