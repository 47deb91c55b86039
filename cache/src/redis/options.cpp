#include <infra/cache/redis.hpp>

#include <infra/base/error.hpp>

#include <stdexcept>

namespace infra::cache {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_connect{1000};  // of an attempt that nobody answers
constexpr milliseconds longest_reconnect{500}; // so that it is back within two seconds of the server's return
constexpr std::size_t most_queued = std::size_t{16} << 20; // nobody bridges an outage with it
constexpr milliseconds longest_silence{2000};              // of a connection that has died without a word, twice

outage_policy policy_of(std::string_view word) {
    if (word == "forgo")
        return outage_policy::forgo;
    if (word == "raise")
        return outage_policy::raise;
    throw error(infra::errc::misconfigured, "the cache's URL has an outage= that is neither forgo nor raise");
}

/// What the URL says for us.
struct our_words {
    outage_policy outage = outage_policy::forgo;
    std::optional<bool> near_cache{};
};

bool near_cache_of(std::string_view word) {
    if (word != "on" && word != "off")
        throw error(infra::errc::misconfigured, "the cache's URL has a near_cache= that is neither on nor off");
    return word == "on";
}

/// False if it is none of ours.
bool take(our_words& to, std::string_view name, std::string_view value) {
    if (name == "outage")
        to.outage = policy_of(value);
    else if (name == "near_cache")
        to.near_cache = near_cache_of(value);
    else
        return false;
    return true;
}

/// Takes our own options out of the query of the URL, and leaves the rest for Redis.
std::string without_ours(std::string_view url, our_words& to) {
    const auto question = url.find('?');
    std::string rest(url.substr(0, question));
    if (question == std::string_view::npos)
        return rest;
    char before = '?';
    for (auto query = url.substr(question + 1); !query.empty();) {
        const auto one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), one.size() + 1));
        const auto name = one.substr(0, one.find('='));
        if (take(to, name, one.substr(std::min(one.size(), name.size() + 1))))
            continue;
        rest.append(1, before).append(one);
        before = '&';
    }
    return rest;
}

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("cache::redis_store_options::") + sentence);
}

} // namespace

void check(const redis_store_options& o) {
    using namespace std::chrono_literals;
    require(o.timeout > 0ms, "timeout must be positive");
    require(o.breaker.failures >= 1, "breaker.failures must be at least 1");
    require(o.breaker.patience >= 10ms, "breaker.patience must be at least 10 ms");
    require(o.breaker.probe_every >= 10ms && o.breaker.probe_every <= 1s,
            "breaker.probe_every must be from 10 ms to 1 s");
    require(o.max_owed >= 1, "max_owed must be at least 1");
    const auto& near = o.near_cache;
    require(near.max_bytes == 0 || near.max_bytes >= 65536, "near_cache.max_bytes must be 0 or at least 64 KiB");
    require(near.max_age > 0ms, "near_cache.max_age must be positive");
}

redis_store_options redis_store_options_from(std::string_view url, const store_options& options) {
    our_words ours;
    const auto plain = without_ours(url, ours);
    redis_store_options made{.timeout = options.timeout, .outage = ours.outage};
    try {
        made.server = redis::options_from(plain);
    } catch (const error& e) {
        throw error(infra::errc::misconfigured, e.what());
    }
    made.server.connect_timeout = std::min(made.server.connect_timeout, longest_connect);
    made.server.reconnect.max = std::min(made.server.reconnect.max, longest_reconnect);
    made.server.max_queued_bytes = std::min(made.server.max_queued_bytes, most_queued);
    made.server.ping_every = std::min(made.server.ping_every, longest_silence);
    made.server.response_timeout = std::min(made.server.response_timeout, longest_silence);
    if (ours.near_cache.value_or(!options.prefix.empty()))
        made.near_cache = {.max_bytes = options.max_bytes, .prefix = options.prefix};
    return made;
}

} // namespace infra::cache
