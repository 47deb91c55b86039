#include "tests/support.hpp"

#include <infra/queue/redis.hpp>
#include <infra/redis.hpp>
#include <infra/testing/redis_server.hpp>

#include <algorithm>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace queue::tests;

/// What Node's getWorkers() reads: the names of connections.
class Presence : public ::testing::Test {
protected:
    ~Presence() override { loop.code_of(stored->stop(deadline::after(30s))); }

    void claim_as(std::string worker, std::string name, std::vector<std::string> queues) {
        loop.await(stored->claim(
            {.queues = std::move(queues), .worker = std::move(worker), .name = std::move(name), .now = t0}));
    }
    bool shows(const std::string& connection) {
        return loop.await(direct.execute<std::string>({"CLIENT", "LIST"})).find(" name=" + connection + ' ') !=
               std::string::npos;
    }
    std::size_t connections_of_queues() {
        const auto list = loop.await(direct.execute<std::string>({"CLIENT", "LIST"}));
        std::size_t n = 0;
        for (auto at = list.find(" name=bull:"); at != list.npos; at = list.find(" name=bull:", at + 1))
            ++n;
        return n;
    }

    testing::redis_server server;
    test_loop loop;
    redis::client direct{{loop.get_executor()}, redis::options_from(server.url())};
    std::shared_ptr<backend> stored =
        make_redis_backend({.server = redis::options_from(server.url()), .show_workers = 3}, {loop.get_executor()});
};

TEST_F(Presence, WorkersAreSeenAsBullMqSeesThem) {
    claim_as("host:7:x", "", {"mail"});
    EXPECT_TRUE(shows("bull:bWFpbA=="));
    claim_as("host:7:y", "mill", {"mail", "images"});
    EXPECT_TRUE(shows("bull:bWFpbA==:w:mill"));
    EXPECT_TRUE(shows("bull:aW1hZ2Vz:w:mill"));
    loop.await(stored->leave("host:7:y"));
    EXPECT_TRUE(loop.until([&] { return !shows("bull:bWFpbA==:w:mill"); }));
    EXPECT_TRUE(shows("bull:bWFpbA=="));
}

TEST_F(Presence, OnlySoManyConnectionsShowWorkers) {
    claim_as("w", "", {"a", "b", "c", "d", "e"});
    EXPECT_EQ(connections_of_queues(), 3u);
    EXPECT_EQ(loop.await(stored->workers({"e"})).size(), 1u) << "this library knows of all";
}

TEST_F(Presence, WorkersOfOtherProgramsAreTold) {
    auto node = loop.await(direct.lease());
    loop.await(node.execute<void>({"CLIENT", "SETNAME", "bull:bWFpbA==:w:node"}));
    claim_as("w", "mill", {"mail"});
    std::vector<std::string> told;
    for (const auto& each : loop.await(stored->workers({"mail"})))
        told.push_back(each.name);
    std::ranges::sort(told);
    EXPECT_EQ(told, (std::vector<std::string>{"node", "w"}));
}

TEST_F(Presence, WhoeverStopsIsNotSeen) {
    claim_as("w", "mill", {"mail"});
    loop.await(stored->stop(deadline::after(30s)));
    EXPECT_TRUE(loop.until([&] { return connections_of_queues() == 0; }));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
