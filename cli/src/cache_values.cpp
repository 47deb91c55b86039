#include "cache.hpp"
#include "cache_verbs.hpp"
#include "printable.hpp"
#include "progress_bar.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/cache/removal.hpp>

#include <iostream>
#include <istream>

namespace infra::cli {
namespace {

constexpr std::size_t max_value_bytes = std::size_t{64} << 20; // of the standard input

exit_code nothing_under(const std::string& key, const output& to) {
    return to.fail(exit_code::not_found, "there is nothing under '" + printable(key) + "'");
}

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

std::string all_of(std::istream& in) {
    std::string text;
    text.resize(max_value_bytes + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_value_bytes)
        refuse("the value has more than 64 MiB");
    return text;
}

json::value value_of(const cache_arguments& given) {
    auto text = given.value == "-" ? all_of(std::cin) : given.value;
    if (!given.text)
        if (auto read = json::parse(text))
            return *std::move(read);
    return json::value(text);
}

cache::set_options set_options_of(const cache_arguments& given) {
    cache::set_options out;
    if (given.ttl.empty())
        return out;
    const auto ttl = parse_duration(given.ttl);
    if (!ttl || ttl->count() <= 0)
        refuse("--ttl: expected a duration such as 250ms, 90s or 24h");
    out.ttl = *ttl;
    return out;
}

awaitable<std::size_t> erase_starting_with(cache::cache in, cache_arguments given, const output& to) {
    const auto patience = parse_duration(given.timeout).value();
    progress_bar bar(to, given.starts_with, "values erased");
    cache::removal step;
    std::size_t erased = 0;
    do {
        step = co_await with_deadline(cache::remove_starting_with(in, given.starts_with, std::move(step.next)),
                                      deadline::after(patience));
        bar.show({.done = erased += step.count});
    } while (!step.next.empty());
    co_return erased;
}

} // namespace

awaitable<exit_code> cache_get(cache_arguments given, const output& to) {
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

awaitable<exit_code> cache_set(cache_arguments given, const output& to) {
    const auto how = set_options_of(given);
    const auto value = value_of(given);
    co_await opened(given).set(given.key, value, how);
    const auto ttl = how.ttl.value_or(cache::forever);
    to.print("stored, " + (how.ttl ? "for " + shown_ttl(ttl) : shown_ttl(ttl)),
             {{"key", given.key}, {"ttl_ms", how.ttl ? json::value(ttl.count()) : json::value()}});
    co_return exit_code::ok;
}

awaitable<exit_code> cache_del(cache_arguments given, const output& to) {
    if (given.keys.empty() == given.starts_with.empty())
        refuse("either keys or --starts-with are needed");
    if (!given.starts_with.empty() && !given.yes)
        refuse("--starts-with erases all that begins so; look with `infra cache scan` and say --yes");
    const auto in = opened(given);
    const auto erased =
        given.keys.empty() ? co_await erase_starting_with(in, given, to) : co_await in.del_many(given.keys);
    to.print(std::to_string(erased) + " erased", {{"erased", erased}});
    co_return erased > 0 ? exit_code::ok : exit_code::not_found;
}

awaitable<exit_code> cache_ttl(cache_arguments given, const output& to) {
    const auto left = co_await opened(given).ttl(given.key);
    if (!left)
        co_return nothing_under(given.key, to);
    to.print(shown_ttl(*left),
             {{"key", given.key}, {"ttl_ms", *left == cache::forever ? json::value() : json::value(left->count())}});
    co_return exit_code::ok;
}

awaitable<exit_code> cache_invalidate(cache_arguments given, const output& to) {
    const auto count = given.tags.size();
    const json::array tags(given.tags.begin(), given.tags.end());
    co_await opened(given).invalidate_tag(given.tags);
    to.print("what carries " + (count == 1 ? "the tag" : "one of the " + std::to_string(count) + " tags") + " is void",
             {{"tags", tags}});
    co_return exit_code::ok;
}

awaitable<exit_code> cache_flush(cache_arguments given, const output& to) {
    if (!given.yes)
        refuse("flush makes every value under the prefix '" + printable(given.prefix) +
               "' void; say --yes if it is meant");
    co_await opened(given).flush();
    to.print("everything under '" + printable(given.prefix) + "' is void", {{"prefix", given.prefix}});
    co_return exit_code::ok;
}

} // namespace infra::cli
