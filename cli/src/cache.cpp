#include "cache.hpp"
#include "frame.hpp"
#include "printable.hpp"
#include "verbs.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/cache.hpp>
#include <infra/cache/redis.hpp>
#include <infra/redis.hpp>
#include <infra/runtime/wait.hpp>

#include <algorithm>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <set>

namespace infra::cli {
namespace {

constexpr std::size_t max_value_bytes = std::size_t{64} << 20; // of the standard input

struct options {
    std::string url;
    std::string prefix;
    std::string timeout = "5s";
    std::string key;
    std::vector<std::string> keys;
    std::string value;
    std::string ttl;
    std::string pattern = "*";
    std::size_t limit = 1000;
    bool raw = false;
    bool text = false;
};

[[noreturn]] void refuse(const std::string& sentence) { throw error(errc::invalid_input, sentence); }

std::string url_of(const options& given) {
    const auto url = given.url.empty() ? cache::url_from(environment::of_process()) : given.url;
    if (url.starts_with("memory:"))
        refuse("a cache in memory can be seen by its own service alone; set CACHE_URL or give --url redis://…");
    return url;
}

// What cannot be reached is told here, not taken for a miss.
cache::cache opened(const options& given) {
    auto how = cache::redis_store_options_from(url_of(given));
    how.outage = cache::outage_policy::raise;
    how.near_cache.max_bytes = 0; // for one question
    return cache::cache(cache::make_redis_store(std::move(how)), {.prefix = given.prefix});
}

exit_code nothing_under(const std::string& key, const output& to) {
    return to.fail(exit_code::not_found, "there is nothing under '" + printable(key) + "'");
}

// --- get ---

awaitable<std::optional<cache::payload>> read(cache::cache from, std::string key) {
    try {
        const auto found = co_await from.get<json::value>(key);
        co_return found ? std::optional(cache::payload{json::to_text(*found)}) : std::nullopt;
    } catch (const error& e) {
        if (e.code() != cache::errc::wrong_type)
            throw;
    }
    const auto bytes = co_await from.get<cache::byte_vector>(key); // they are no JSON
    if (!bytes)
        co_return std::nullopt;
    co_return cache::payload{{reinterpret_cast<const char*>(bytes->data()), bytes->size()}, true};
}

// A string without its quotes.
std::string raw_of(const cache::payload& found) {
    return found.raw                                             ? found.bytes
           : cache::from_payload<json::value>(found).is_string() ? cache::from_payload<std::string>(found)
                                                                 : found.bytes;
}

awaitable<exit_code> get(options given, const output& to) {
    const auto from = opened(given);
    const auto found = co_await read(from, given.key);
    if (!found)
        co_return nothing_under(given.key, to);
    if (given.raw) {
        to.out << raw_of(*found);
        co_return exit_code::ok;
    }
    const json::value document =
        found->raw ? json::value{{"key", given.key}, {"base64", encoding::base64_encode(found->bytes)}}
                   : json::value{{"key", given.key}, {"value", cache::from_payload<json::value>(*found)}};
    to.print(found->raw ? std::to_string(found->bytes.size()) + " bytes that are no JSON; --raw writes them"
                        : printable(found->bytes),
             document);
    co_return exit_code::ok;
}

// --- set ---

std::string all_of(std::istream& in) {
    std::string text;
    text.resize(max_value_bytes + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_value_bytes)
        refuse("the value has more than 64 MiB");
    return text;
}

json::value value_of(const options& given) {
    auto text = given.value == "-" ? all_of(std::cin) : given.value;
    if (!given.text)
        if (auto read = json::parse(text))
            return *std::move(read);
    return json::value(text);
}

cache::set_options set_options_of(const options& given) {
    cache::set_options out;
    if (given.ttl.empty())
        return out;
    const auto ttl = parse_duration(given.ttl);
    if (!ttl || ttl->count() <= 0)
        refuse("--ttl: expected a duration such as 250ms, 90s or 24h");
    out.ttl = *ttl;
    return out;
}

awaitable<exit_code> set(options given, const output& to) {
    const auto how = set_options_of(given);
    const auto value = value_of(given);
    co_await opened(given).set(given.key, value, how);
    const auto ttl = how.ttl.value_or(cache::forever);
    to.print("stored, " + (how.ttl ? "for " + shown_ttl(ttl) : shown_ttl(ttl)),
             {{"key", given.key}, {"ttl_ms", how.ttl ? json::value(ttl.count()) : json::value()}});
    co_return exit_code::ok;
}

// --- del, ttl ---

awaitable<exit_code> del(options given, const output& to) {
    const auto erased = co_await opened(given).del_many(given.keys);
    to.print(std::to_string(erased) + " erased", {{"erased", erased}});
    co_return erased > 0 ? exit_code::ok : exit_code::not_found;
}

awaitable<exit_code> ttl(options given, const output& to) {
    const auto left = co_await opened(given).ttl(given.key);
    if (!left)
        co_return nothing_under(given.key, to);
    to.print(shown_ttl(*left),
             {{"key", given.key}, {"ttl_ms", *left == cache::forever ? json::value() : json::value(left->count())}});
    co_return exit_code::ok;
}

// --- scan ---

// Where the keys of this prefix lie now: a flush moves them.
awaitable<std::string> prefix_in_store(cache::cache of) {
    auto key = co_await of.key_in_store("x");
    key.pop_back();
    co_return key;
}

// Up to one more than the limit.
awaitable<void> scan_one(const redis::client& server, std::string master, std::string prefix, const options& given,
                         std::set<std::string>& found) {
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

awaitable<exit_code> scan(options given, const output& to) {
    const auto prefix = co_await prefix_in_store(opened(given));
    const redis::client server(redis::options_from(url_of(given)));
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

// --- stats ---

awaitable<exit_code> stats(options given, const output& to) {
    const redis::client server(redis::options_from(url_of(given)));
    std::vector<server_facts> all;
    for (const auto& master : co_await server.masters()) {
        all.push_back(facts_from(redis::to<std::string>(co_await server.execute_at(master, {"INFO"}))));
        all.back().keys = redis::to<std::uint64_t>(co_await server.execute_at(master, {"DBSIZE"}));
    }
    const auto facts = sum_of(all);
    to.print(text_of(facts), document_of(facts));
    co_return exit_code::ok;
}

// --- the command ---

using act = awaitable<exit_code> (*)(options given, const output& to);

exit_code code_for(const boost::system::error_code& failure) {
    if (failure == errc::misconfigured || failure == errc::invalid_input)
        return exit_code::usage;
    return failure == cache::errc::wrong_type || failure == redis::errc::server ? exit_code::failed
                                                                                : exit_code::unreachable;
}

exit_code run(act what, const options& given, const output& to) {
    const auto patience = parse_duration(given.timeout);
    if (!patience)
        return to.fail(exit_code::usage, "--timeout: expected a duration such as 500ms or 5s");
    try {
        return wait(with_deadline(what(given, to), deadline::after(*patience)));
    } catch (const boost::system::system_error& e) {
        return to.fail(code_for(e.code()), e.what());
    } catch (const std::invalid_argument& e) {
        return to.fail(exit_code::usage, e.what());
    }
}

} // namespace

void add_cache(frame& f) {
    const auto given = std::make_shared<options>();
    auto& group = f.add_group(
        {.name = "cache",
         .description = "Looks into a cache on Redis, and changes it.",
         .examples = {"infra cache get user:42 --url redis://127.0.0.1:6379 --prefix shop:",
                      "infra cache set greeting '\"hello\"' --ttl 10m", "infra cache scan 'user:*' --limit 20"}});
    group.add_option("--url", given->url,
                     "Where it is; default $CACHE_URL or $REDIS_URL, which is the place for a password");
    group.add_option("--prefix", given->prefix, "What the service puts in front of its keys");
    group.add_option("--timeout", given->timeout, "How long to wait for an answer")->capture_default_str();

    const auto add = [&](verb v, act what) -> CLI::App& {
        return f.add(std::move(v), [given, what](const output& to) { return run(what, *given, to); }, &group);
    };
    const auto key = [&](CLI::App& app) { app.add_option("key", given->key, "Without the prefix")->required(); };

    auto& getting = add({.name = "get", .description = "Prints a value as JSON. Nothing there exits with 3."}, get);
    key(getting);
    getting.add_flag("--raw", given->raw, "Bytes as they are, and text without its quotes");

    auto& setting = add({.name = "set",
                         .description = "Stores a value.",
                         .examples = {"infra cache set user:42 '{\"name\":\"Ada\"}' --ttl 5m",
                                      "infra cache set page - --text < page.html"}},
                        set);
    key(setting);
    setting.add_option("value", given->value, "JSON; what is none is stored as text; - reads the standard input")
        ->required();
    setting.add_option("--ttl", given->ttl, "How long it is good; default: without an end");
    setting.add_flag("--text", given->text, "As text, be it JSON or not");

    add({.name = "del", .description = "Erases values. Exits with 3 if none was there."}, del)
        .add_option("keys", given->keys, "Without the prefix")
        ->required();
    key(add({.name = "ttl", .description = "Tells how long a value is still good. Nothing there exits with 3."}, ttl));

    auto& scanning = add({.name = "scan",
                          .description = "Lists keys, without blocking the server.",
                          .examples = {"infra cache scan 'user:*' --prefix shop: --limit 20"}},
                         scan);
    scanning.add_option("pattern", given->pattern, "With * and ? and [ab]")->capture_default_str();
    scanning.add_option("--limit", given->limit, "At most so many")->capture_default_str();

    add({.name = "stats", .description = "Tells what the server keeps, of everybody, and how often it was found."},
        stats);
}

} // namespace infra::cli
