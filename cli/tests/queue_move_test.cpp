#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/base/json.hpp>
#include <infra/queue/move.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <sstream>

namespace infra::cli {
namespace {

class QueueMove : public ::testing::Test {
protected:
    void SetUp() override {
        if (!testing::redis_server::installed())
            GTEST_SKIP() << testing::redis_server::how_to_install;
        server.emplace();
    }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_queue(f);
        words.insert(words.begin(), "queue");
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }
    void add(const std::string& url, const std::string& data) {
        ASSERT_EQ(run({"add", "mail", data, "--url", url}), 0) << err;
    }
    json::value asked(std::vector<std::string> words) {
        words.emplace_back("--json");
        EXPECT_EQ(run(std::move(words)), 0) << out << err;
        return json::parse(out).value();
    }
    std::int64_t waiting_at(const std::string& url) {
        const auto document = asked({"ls", "--url", url});
        const auto& queues = document.at("queues").as_array();
        return queues.empty() ? 0 : queues.at(0).at("waiting").as_int64();
    }

    testing::temporary_folder folder;
    const std::string file = "sqlite:" + folder.path() + "/queue.db";
    std::optional<testing::redis_server> server;
    std::string out, err;
};

TEST_F(QueueMove, CarriesAQueueFromAFileToRedisAndBack) {
    add(file, R"({"n":1})");
    add(file, R"({"n":2})");
    const auto there = asked({"move", "--from", file, "--to", server->url()});
    EXPECT_EQ(there.at("moved").at(0).at("carried").as_int64(), 2);
    EXPECT_EQ(there.at("moved").at(0).at("removed").as_int64(), 2);
    EXPECT_FALSE(there.at("moved").at(0).at("paused").as_bool());
    EXPECT_EQ(run({"doctor", "--url", server->url()}), 0) << out;
    EXPECT_EQ(waiting_at(file), 0);
    EXPECT_EQ(waiting_at(server->url()), 2);
    const auto back = asked({"move", "--from", server->url(), "--to", file, "--resume"});
    EXPECT_EQ(back.at("moved").at(0).at("carried").as_int64(), 2);
    EXPECT_EQ(waiting_at(file), 2);
}

TEST_F(QueueMove, OnlyLooksInADryRun) {
    add(file, "{}");
    const auto plan = asked({"move", "--from", file, "--to", server->url(), "--dry-run"});
    EXPECT_EQ(plan.at("queues").at(0).at("jobs").as_int64(), 1);
    EXPECT_TRUE(plan.at("obstacles").as_array().empty());
    EXPECT_EQ(waiting_at(file), 1);
    EXPECT_EQ(waiting_at(server->url()), 0);
}

TEST_F(QueueMove, RefusesWhatWouldMixJobsUp) {
    add(file, R"({"n":1})");
    add(server->url(), R"({"n":2})");
    EXPECT_EQ(run({"move", "--from", file, "--to", server->url(), "--dry-run"}), 1);
    EXPECT_NE(err.find("mail:1"), std::string::npos) << err;
    EXPECT_EQ(run({"move", "--from", file, "--to", server->url()}), 1);
    EXPECT_NE(err.find("nothing was moved"), std::string::npos) << err;
    EXPECT_EQ(waiting_at(file), 1);
    EXPECT_EQ(waiting_at(server->url()), 1);
}

TEST_F(QueueMove, TellsWhatIsNotCarried) {
    add(file, "{}");
    EXPECT_EQ(asked({"move", "--from", file, "--to", server->url(), "--dry-run"}).at("left_behind").as_array().size(),
              4u);
    EXPECT_EQ(run({"move", "--from", file, "--to", server->url()}), 0);
    EXPECT_NE(err.find("not carried"), std::string::npos) << err;
    EXPECT_NE(err.find("minutes of the history"), std::string::npos) << err;
}

TEST_F(QueueMove, LeavesOneStorageAloneThatHasTwoNames) {
    add(server->url(), "{}");
    EXPECT_EQ(run({"move", "--from", server->url(), "--to", "unix://" + server->socket()}), 1);
    EXPECT_NE(err.find("are the same storage"), std::string::npos) << err;
    EXPECT_EQ(waiting_at(server->url()), 1);
}

TEST_F(QueueMove, GoesElsewhereOnlyWhereThatIsAskedFor) {
    add(file, R"({"n":1})");
    add(server->url() + "?prefix=there", R"({"n":2})"); // an id that stops the move
    const auto there = server->url() + "?prefix=there", elsewhere = server->url() + "?prefix=elsewhere";
    ASSERT_EQ(run({"move", "--from", file, "--to", there}), 1);
    {
        auto marked = queue::make_backend(file);
        wait(dynamic_cast<queue::transferable_store&>(*marked).mark({.queue = "mail", .to = there}));
        wait(marked->stop(deadline::after(std::chrono::seconds(5))));
    }
    EXPECT_EQ(run({"move", "--from", file, "--to", elsewhere}), 1);
    EXPECT_NE(err.find("--anew"), std::string::npos) << err;
    EXPECT_EQ(waiting_at(file), 1);
    EXPECT_EQ(run({"move", "--from", file, "--to", elsewhere, "--anew"}), 0) << err;
    EXPECT_EQ(waiting_at(elsewhere), 1);
}

// Nor does what is written on the source, which stands where others can read it.
TEST_F(QueueMove, ShowsNoPassword) {
    add(file, "{}");
    const auto refused = "redis://me:hunter2@127.0.0.1:" + std::to_string(server->port());
    const std::vector<std::string> calls[] = {
        {"move", "--from", file, "--to", refused},
        {"move", "--from", refused, "--to", server->url()},
        {"move", "--from", file, "--to", refused, "--dry-run", "--json"},
        {"move", "--from", file, "--to", "redis://me:hunter2@127.0.0.1:port"},
        {"move", "--from", "redis://me:hunter2@127.0.0.1:1", "--to", server->url()},
        {"move", "--from", file, "--to", refused + "?hunter2=1"},
    };
    for (const auto& each : calls) {
        EXPECT_NE(run(each), 0) << each.back();
        EXPECT_EQ((out + err).find("hunter2@"), std::string::npos) << out << err;
        EXPECT_EQ((out + err).find(":hunter2"), std::string::npos) << out << err;
    }
    EXPECT_EQ(waiting_at(file), 1);
}

TEST_F(QueueMove, TellsByItsExitCodeWhatIsNotThere) {
    EXPECT_EQ(run({"move", "--from", file, "--to", server->url()}), 5) << out;
    add(file, "{}");
    EXPECT_EQ(run({"move", "--from", file}), 2);
    EXPECT_EQ(run({"move", "--from", file, "--to", "memory:"}), 2);
    EXPECT_EQ(run({"move", "--from", file, "--to", file}), 1);
    EXPECT_EQ(run({"move", "--from", file, "--to", "redis://127.0.0.1:1"}), 5);
}

} // namespace
} // namespace infra::cli
