#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/base/json.hpp>
#include <infra/redis.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <sstream>

namespace infra::cli {
namespace {

class QueueDoctor : public ::testing::Test {
protected:
    void SetUp() override {
        if (!testing::redis_server::installed())
            GTEST_SKIP() << testing::redis_server::how_to_install;
        server.emplace();
        client.emplace(redis::options_from(server->url()));
    }
    void TearDown() override {
        if (client)
            wait(client->stop(deadline::after(std::chrono::seconds(5))));
    }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_queue(f);
        words.insert(words.begin(), {"queue", "doctor"});
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }
    void ask(redis::command c) { redis::throw_if_error(wait(client->execute(std::move(c)))); }

    std::optional<testing::redis_server> server;
    std::optional<redis::client> client;
    std::string out, err;
};

TEST_F(QueueDoctor, SaysThatNothingIsWrong) {
    EXPECT_EQ(run({"--url", server->url()}), 0) << err;
    EXPECT_EQ(out, "nothing is wrong with 0 jobs of 0 queues\n");
    ask({"HSET", "bull:mail:meta", "opts.maxLenEvents", 10000});
    ask({"SET", "bull:mail:id", 1});
    ask({"HSET", "bull:mail:1", "name", "welcome", "data", "{}", "opts", "{}", "timestamp", 1, "finishedOn", 2});
    ask({"ZADD", "bull:mail:completed", 2, 1});
    EXPECT_EQ(run({"--url", server->url()}), 0) << err;
    EXPECT_EQ(out, "nothing is wrong with 1 job of 1 queue\n");
}

TEST_F(QueueDoctor, ListsWhatIsWrongAndRepairsWhatItCan) {
    ask({"LPUSH", "{shop}:mail:wait", "ghost"});
    ask({"ZADD", "{shop}:mail:marker", 0, "0"});
    EXPECT_EQ(run({"mail", "--url", server->url()}), 0) << "it is under another prefix: " << out;
    EXPECT_EQ(run({"mail", "--url", server->url(), "--prefix", "{shop}"}), 4);
    EXPECT_NE(out.find("missing_hash  can be    stands in wait, and there is no such job"), std::string::npos) << out;
    EXPECT_EQ(run({"mail", "--url", server->url(), "--prefix", "{shop}", "--repair", "--json"}), 0);
    const auto found = json::parse(out).value();
    EXPECT_TRUE(found.at("healthy").as_bool());
    EXPECT_EQ(found.at("repaired").as_int64(), 1);
    EXPECT_EQ(found.at("findings").at(0).at("what").as_string(), "missing_hash");
    EXPECT_TRUE(found.at("findings").at(0).at("repaired").as_bool());
}

TEST_F(QueueDoctor, TellsWhatItCouldNotRepairByItsExitCode) {
    ask({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
    EXPECT_EQ(run({"--url", server->url(), "--repair"}), 4);
    ask({"RPUSH", "bull:mail:7:logs", "a line"});
    EXPECT_EQ(run({"--url", server->url(), "--repair"}), 6);
    EXPECT_NE(out.find("eviction_policy"), std::string::npos) << out;
}

TEST_F(QueueDoctor, IsForRedisAlone) {
    const testing::temporary_folder folder;
    const auto file = folder.path() + "/queue.db";
    std::ofstream(file) << "";
    EXPECT_EQ(run({"--url", "sqlite:" + file}), 2);
    EXPECT_EQ(run({"--url", "redis://127.0.0.1:1", "--timeout", "200ms"}), 5);
    EXPECT_EQ(run({"--url", "redis://127.0.0.1:x"}), 2);
}

} // namespace
} // namespace infra::cli
