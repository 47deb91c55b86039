// A server that was killed while it wrote its append-only file.

#include "tests/support.hpp"

#include <infra/queue/redis.hpp>
#include <infra/queue/redis_doctor.hpp>
#include <infra/redis.hpp>
#include <infra/testing/redis_server.hpp>

#include <filesystem>
#include <optional>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace queue::tests;

class CutFile : public ::testing::Test {
protected:
    void SetUp() override {
        if (!testing::redis_server::installed())
            GTEST_SKIP() << testing::redis_server::how_to_install;
        server.emplace(std::vector<std::string>{"--appendonly", "yes", "--appendfsync", "always"});
        direct.emplace(asked(), redis::options_from(server->url()));
        stored = make_redis_backend({.server = redis::options_from(server->url())}, asked());
    }
    void TearDown() override {
        if (stored)
            loop.code_of(stored->stop(deadline::after(30s)));
    }

    std::vector<executor> asked() { return {loop.get_executor()}; }
    std::filesystem::path file() const {
        for (const auto& each : std::filesystem::directory_iterator(server->folder() + "/appendonlydir"))
            if (each.path().extension() == ".aof")
                return each.path();
        return {};
    }
    bool says(std::string_view words) {
        const auto all = loop.await(direct->execute<std::string>({"INFO", "persistence"}, deadline::after(30s)));
        return all.find(words) != std::string::npos;
    }
    void write_file_anew() {
        loop.await(direct->execute<void>({"BGREWRITEAOF"}, deadline::after(30s)));
        EXPECT_TRUE(loop.until([&] { return says("aof_rewrite_in_progress:0"); }));
        EXPECT_TRUE(says("aof_last_bgrewrite_status:ok"));
    }
    void restart() {
        server->kill();
        server->start();
    }

    test_loop loop;
    std::optional<testing::redis_server> server;
    std::optional<redis::client> direct;
    std::shared_ptr<backend> stored;
};

// Redis 7 passes over the half of a script that is there, leaves it in its file, and executes it at the second start.
TEST_F(CutFile, HasNothingOfHalfAScriptOnceItIsWrittenAnew) {
    loop.await(stored->enqueue({make_job("a"), make_job("b"), make_job("c")}));
    const auto whole = std::filesystem::file_size(file());
    loop.await(stored->claim({.queues = {"mail"}, .max = 1, .now = t0}));
    server->kill();
    // In the middle of the claim: the job is in `active` by then, and has no lock yet.
    std::filesystem::resize_file(file(), whole + (std::filesystem::file_size(file()) - whole) / 2);
    server->start();
    write_file_anew();
    loop.await(stored->enqueue({make_job("d")}));
    restart();
    EXPECT_EQ(loop.await(stored->counts({"mail"})), (std::vector<queue_counts>{{.queue = "mail", .waiting = 4}}));
    EXPECT_TRUE(loop.await(examine({.server = redis::options_from(server->url())})).findings.empty());
}

} // namespace
} // namespace infra::queue::redis_backend::tests
