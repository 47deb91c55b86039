#include <infra/cache/redis.hpp>

#include <infra/base/error.hpp>

namespace infra::cache {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_reconnect{500}; // so that it is back within two seconds of the server's return

outage_policy policy_of(std::string_view word) {
    if (word == "forgo")
        return outage_policy::forgo;
    if (word == "raise")
        return outage_policy::raise;
    throw error(infra::errc::misconfigured, "the cache's URL has an outage= that is neither forgo nor raise");
}

/// Takes our own options out of the query of the URL, and leaves the rest for Redis.
std::string without_ours(std::string_view url, redis_store_options& to) {
    constexpr std::string_view outage = "outage=";
    url = url.substr(0, url.find('#'));
    const auto question = url.find('?');
    std::string rest(url.substr(0, question));
    if (question == std::string_view::npos)
        return rest;
    char before = '?';
    for (auto query = url.substr(question + 1); !query.empty();) {
        const auto one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), one.size() + 1));
        if (one.starts_with(outage)) {
            to.outage = policy_of(one.substr(outage.size()));
        } else {
            rest.append(1, before).append(one);
            before = '&';
        }
    }
    return rest;
}

} // namespace

redis_store_options redis_store_options_from(std::string_view url, const store_options& options) {
    redis_store_options made;
    const auto plain = without_ours(url, made);
    try {
        made.server = redis::options_from(plain);
    } catch (const error& e) {
        throw error(infra::errc::misconfigured, e.what());
    }
    made.server.reconnect.max = std::min(made.server.reconnect.max, longest_reconnect);
    made.timeout = options.timeout;
    return made;
}

} // namespace infra::cache
