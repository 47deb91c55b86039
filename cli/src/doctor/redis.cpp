#include "redis.hpp"

#include <infra/base/error.hpp>
#include <infra/cache.hpp>
#include <infra/cache/redis.hpp>
#include <infra/queue.hpp>
#include <infra/queue/redis.hpp>
#include <infra/redis.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <map>

namespace infra::cli::doctor {
namespace {

bool is_redis(std::string_view url) {
    const auto scheme = url.substr(0, url.find(':'));
    return scheme == "unix" || scheme.starts_with("redis");
}

// Databases of one server share its memory and its policy.
std::string server_of(redis::options o) {
    o.database = 0;
    return redis::describe(o);
}

// What cannot be read as a setting is told by the check of settings.
template <class Url, class Read>
void add_use(std::vector<redis_use>& to, bool redis_use::* what, Url url_of, Read read) {
    try {
        const std::string url = url_of();
        if (!is_redis(url))
            return;
        const redis::options options = read(url);
        const auto server = server_of(options);
        auto at = std::ranges::find(to, server, &redis_use::server);
        if (at == to.end())
            at = to.insert(to.end(), {.at = options, .server = server});
        (*at).*what = true;
    } catch (const std::exception&) {
    }
}

awaitable<redis_facts> ask(const redis::client& client, std::string master) {
    auto facts = redis_facts_from(redis::to<std::string>(co_await client.execute_at(master, {"INFO"})));
    const auto save = co_await client.execute_at(master, {"CONFIG", "GET", "save"});
    try {
        const auto said = redis::to<std::map<std::string, std::string>>(save);
        if (const auto found = said.find("save"); found != said.end())
            facts.save = found->second;
    } catch (const error&) { // a provider that does not let one ask
    }
    co_return facts;
}

findings no_answer(const redis_use& use, const std::string& why) {
    return {failure(use.server, why, use.queue ? "jobs can neither be added nor run" : "nothing can be kept there",
                    "see that it runs, and that its address, port, password and TLS are those of the setting")};
}

awaitable<findings> look_at_server(redis_use use, std::chrono::milliseconds patience) {
    auto options = use.at;
    options.connect_timeout = patience;
    options.default_deadline = patience;
    const redis::client client({co_await asio::this_coro::executor}, options);
    findings all;
    try {
        for (const auto& master : co_await client.masters(deadline::after(patience)))
            std::ranges::move(judge_redis(use, co_await ask(client, master)), std::back_inserter(all));
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        all = no_answer(use, e.what());
    }
    co_return all;
}

} // namespace

std::vector<redis_use> redis_uses(const environment& variables) {
    std::vector<redis_use> all;
    add_use(
        all, &redis_use::queue, [&] { return queue::url_from(variables); },
        [](const auto& url) { return queue::redis_queue_options_from(url).server; });
    add_use(
        all, &redis_use::cache, [&] { return cache::url_from(variables); },
        [](const auto& url) { return cache::redis_store_options_from(url).server; });
    add_use(
        all, &redis_use::realtime,
        [&] { return variables.get_or("REALTIME_URL", variables.get_or("REDIS_URL", "memory:")); },
        [](const auto& url) { return redis::options_from(url); });
    return all;
}

std::string no_redis(const situation& at) {
    return redis_uses(at.variables).empty() ? "neither REDIS_URL nor a module's own URL names one" : "";
}

// A little less than there is, so that the client can say what was wrong before it is told to end.
awaitable<findings> look_at_redis(situation at) {
    const auto uses = redis_uses(at.variables);
    const auto patience = at.patience * 9 / 10 / static_cast<int>(uses.size());
    findings all;
    for (const auto& each : uses) {
        auto found = co_await look_at_server(each, patience);
        std::ranges::move(found, std::back_inserter(all));
    }
    co_return all;
}

} // namespace infra::cli::doctor
