// A process that asks for one key, many times at once:
//
//     cache_load_child SOCKET CALLERS
//
// Its loader takes a while and counts itself in the key `loads`. Ends with 0 if all callers were given the same, and prints
// that.

#include <infra/cache.hpp>
#include <infra/cache/redis.hpp>
#include <infra/redis.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <set>
#include <string>

namespace {

using namespace infra;
using namespace std::chrono_literals;

struct answers {
    std::multiset<int> given;
    int failed = 0;
};

void ask(const executor& ex, const cache::cache& from, std::function<awaitable<int>()> load, answers& to) {
    auto call = from.get_or_set("popular", 1min, std::move(load));
    asio::co_spawn(ex, std::move(call), [&to](std::exception_ptr failure, int value) {
        if (failure)
            ++to.failed;
        else
            to.given.insert(value);
    });
}

} // namespace

int main(int, char** argv) {
    const redis::options server{.socket_path = argv[1]};
    const int callers = std::stoi(argv[2]);
    asio::io_context io{1};
    const auto ex = with_context(io.get_executor());
    // Three of these share the machine with whatever else it does: nobody is to be found silent for that.
    cache::redis_store_options patient{.server = server, .timeout = 60s, .breaker = {.patience = 60s}};
    const cache::cache shared(cache::make_redis_store(std::move(patient), {ex}));
    const redis::client direct({ex}, server);
    const auto load = [&direct]() -> awaitable<int> {
        co_await real_clock().sleep_for(200ms);
        const int number = co_await direct.execute<int>({"INCR", "loads"});
        co_return number;
    };
    answers all;
    for (int i = 0; i < callers; ++i)
        ask(ex, shared, load, all);
    while (all.failed + static_cast<int>(all.given.size()) < callers)
        io.run_one();
    const std::set<int> different(all.given.begin(), all.given.end());
    if (all.failed != 0 || different.size() != 1)
        return 1;
    std::printf("%d\n", *different.begin());
    return 0;
}
