#include "cache_verbs.hpp"
#include "frame.hpp"
#include "verbs.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/cache/redis.hpp>
#include <infra/redis.hpp>
#include <infra/runtime/wait.hpp>

#include <memory>
#include <stdexcept>

namespace infra::cli {
namespace {

using act = awaitable<exit_code> (*)(cache_arguments given, const output& to);

exit_code code_for(const boost::system::error_code& failure) {
    if (failure == errc::misconfigured || failure == errc::invalid_input)
        return exit_code::usage;
    return failure == cache::errc::wrong_type || failure == redis::errc::server ? exit_code::failed
                                                                                : exit_code::unreachable;
}

constexpr std::chrono::milliseconds grace{250}; // for what knows why

std::string advice_for(const cache_arguments& given, const boost::system::system_error& e) {
    const auto what = e.code() == errc::timed_out
                          ? encoding::shown_url(url_of(given)) + " does not answer within " + given.timeout
                          : e.what();
    return what + "; is it running there? --url, CACHE_URL or REDIS_URL says where";
}

exit_code run(act what, const cache_arguments& given, const output& to) {
    const auto patience = parse_duration(given.timeout);
    if (!patience || patience->count() <= 0)
        return to.fail(exit_code::usage, "--timeout: expected a duration such as 500ms or 5s");
    try {
        if (!given.starts_with.empty()) // takes the time it takes, in steps
            return wait(what(given, to));
        return wait(with_deadline(what(given, to), deadline::after(*patience + grace)));
    } catch (const boost::system::system_error& e) {
        const auto code = code_for(e.code());
        return to.fail(code, code == exit_code::unreachable ? advice_for(given, e) : e.what());
    } catch (const std::invalid_argument& e) {
        return to.fail(exit_code::usage, e.what());
    }
}

} // namespace

void refuse(const std::string& sentence) { throw error(errc::invalid_input, sentence); }

std::string url_of(const cache_arguments& given) {
    const auto url = given.url.empty() ? cache::url_from(environment::of_process()) : given.url;
    if (url.starts_with("memory:"))
        refuse("a cache in memory can be seen by its own service alone; set CACHE_URL or give --url redis://…");
    return url;
}

redis::options server_of(const cache_arguments& given) {
    auto server = redis::options_from(url_of(given));
    server.default_deadline = parse_duration(given.timeout).value();
    return server;
}

cache::cache opened(const cache_arguments& given) {
    auto how = cache::redis_store_options_from(url_of(given));
    how.timeout = parse_duration(given.timeout).value();
    how.outage = cache::outage_policy::raise;
    how.near_cache.max_bytes = 0; // for one question
    return cache::cache(cache::make_redis_store(std::move(how)), {.prefix = given.prefix});
}

void add_cache(frame& f) {
    const auto given = std::make_shared<cache_arguments>();
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

    auto& getting =
        add({.name = "get",
             .description = "Prints a value as JSON. Nothing there exits with 3.",
             .examples = {"infra cache get user:42 --prefix shop:", "infra cache get page --raw > page.html"}},
            cache_get);
    key(getting);
    getting.add_flag("--raw", given->raw, "Bytes as they are, and text without its quotes");

    auto& setting = add({.name = "set",
                         .description = "Stores a value.",
                         .examples = {"infra cache set user:42 '{\"name\":\"Ada\"}' --ttl 5m",
                                      "infra cache set page - --text < page.html"}},
                        cache_set);
    key(setting);
    setting.add_option("value", given->value, "JSON; what is none is stored as text; - reads the standard input")
        ->required();
    setting.add_option("--ttl", given->ttl, "How long it is good; default: without an end");
    setting.add_flag("--text", given->text, "As text, be it JSON or not");

    auto& erasing = add({.name = "del",
                         .description = "Erases values. Exits with 3 if none was there.",
                         .examples = {"infra cache del user:42 user:43 --prefix shop:",
                                      "infra cache del --starts-with user: --yes --prefix shop:"}},
                        cache_del);
    erasing.add_option("keys", given->keys, "Without the prefix");
    erasing.add_option("--starts-with", given->starts_with, "All whose keys, without the prefix, begin so");
    erasing.add_flag("--yes", given->yes, "… and it is meant");
    key(add({.name = "ttl",
             .description = "Tells how long a value is still good. Nothing there exits with 3.",
             .examples = {"infra cache ttl user:42 --prefix shop:"}},
            cache_ttl));

    add({.name = "invalidate",
         .description = "Makes the values void that carry one of these tags, for every service on this cache.",
         .examples = {"infra cache invalidate user:42 prices --prefix shop:"}},
        cache_invalidate)
        .add_option("tags", given->tags, "As they were said when the values were stored")
        ->required();
    add({.name = "flush",
         .description =
             "Makes all values under the prefix void, for every service on this cache. What others keep on the "
             "server stays.",
         .examples = {"infra cache flush --prefix shop: --yes"}},
        cache_flush)
        .add_flag("--yes", given->yes, "It is meant");

    auto& scanning = add({.name = "scan",
                          .description = "Lists keys, without blocking the server.",
                          .examples = {"infra cache scan 'user:*' --prefix shop: --limit 20"}},
                         cache_scan);
    scanning.add_option("pattern", given->pattern, "With * and ? and [ab]")->capture_default_str();
    scanning.add_flag("--long", given->with_ttl, "With the time that each is still good");
    scanning.add_option("--limit", given->limit, "At most so many")->capture_default_str();

    add({.name = "stats",
         .description = "Tells what the server keeps, of everybody, and how often it was found.",
         .examples = {"infra cache stats --url redis://10.0.0.5", "infra cache stats --json"}},
        cache_stats);
}

} // namespace infra::cli
