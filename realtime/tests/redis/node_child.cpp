// A node in a process of its own:
//
//     realtime_node_child SOCKET…
//
// joined by these servers, each with a part of the channels. Its hub has one client, ben, on room:1: he says that he is there, and repeats what he hears. Ends with 0 once he is disconnected.

#include <infra/realtime/hub.hpp>
#include <infra/realtime/redis.hpp>
#include <infra/realtime/sharded.hpp>
#include <infra/realtime/testing.hpp>
#include <infra/testing/test_loop.hpp>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace infra;
using namespace infra::realtime;

void be_a_node(const std::vector<std::string>& sockets) {
    infra::testing::test_loop loop;
    std::vector<std::shared_ptr<broker>> servers;
    for (const auto& each : sockets)
        servers.push_back(make_redis_broker({.url = "unix://" + each}));
    const auto joined_by = make_sharded_broker(servers);
    hub at({.channels = {{"room:*", {.history = {.size = 10}}}},
            .authorize = [](access_request) { return true; },
            .broker = joined_by,
            .on = loop.get_executor()});
    const auto run = loop.spawn(at.run());
    loop.until([&] { return joined_by->is_up(); });
    test_client ben(at, {.user = "ben"});
    ben.say(message{.type = "subscribe", .channel = "room:1"});
    loop.until([&] { return !ben.heard("subscribed").empty(); });
    at.publish("room:1", {.type = "here"});
    loop.until([&] {
        for (const auto& each : ben.heard("said"))
            at.publish("room:1", {.type = "repeated", .data = each.data});
        return ben.closed() == close_code::disconnected;
    });
    loop.wait(at.stop(deadline::after(std::chrono::seconds(5))));
    loop.until([&] { return run->done(); });
}

} // namespace

int main(int count, char** words) try { be_a_node({words + 1, words + count}); } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
