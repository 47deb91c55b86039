#include "tests/support.hpp"

#include <infra/queue/redis.hpp>
#include <infra/redis.hpp>
#include <infra/testing/redis_server.hpp>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace queue::tests;

class Trouble : public ::testing::Test {
protected:
    ~Trouble() override {
        for (const auto& each : all)
            loop.code_of(each->stop(deadline::after(30s)));
    }

    std::shared_ptr<backend> make(redis_queue_options options) {
        return all.emplace_back(make_redis_backend(std::move(options), {loop.get_executor()}));
    }
    std::string error_of(awaitable<std::vector<added_job>> adding) {
        const auto end = loop.start(std::move(adding));
        loop.until([&] { return end->ended; });
        code = infra::code_of(end->failure);
        return end->failure ? describe(end->failure) : "";
    }
    void tell_server(std::vector<std::string> words) {
        redis::command c(words.front());
        for (std::size_t i = 1; i < words.size(); ++i)
            c.add(words[i]);
        loop.await(direct.execute<void>(std::move(c)));
    }

    testing::redis_server server;
    test_loop loop;
    redis::client direct{{loop.get_executor()}, redis::options_from(server.url())};
    std::vector<std::shared_ptr<backend>> all;
    boost::system::error_code code;
};

TEST_F(Trouble, AServerWithoutMemoryAddsNothingAndEndsWhatRuns) {
    const auto stored = make({.server = redis::options_from(server.url())});
    loop.await(stored->enqueue({make_job("a"), make_job("b")}));
    const auto taken = loop.await(stored->claim({.queues = {"mail"}, .max = 1, .now = t0}));
    tell_server({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_NE(error_of(stored->enqueue({make_job("c"), make_job("d", {}, "images")})).find("OOM"), std::string::npos);
    EXPECT_EQ(code, errc::unavailable);
    std::vector<outcome> end{{.held = taken.jobs.at(0).held, .at = t0}};
    EXPECT_EQ(loop.await(stored->finish(std::move(end))), std::vector<bool>{true});
    EXPECT_EQ(ids_of(loop.await(stored->claim({.queues = {"mail"}, .now = t0}))), ids{"b"});
    tell_server({"CONFIG", "SET", "maxmemory", "0"});
    EXPECT_EQ(loop.await(stored->counts({"mail", "images"})),
              (std::vector<queue_counts>{{.queue = "mail", .active = 1, .completed = 1}, {.queue = "images"}}));
    EXPECT_EQ(error_of(stored->enqueue({make_job("c")})), "");
}

TEST_F(Trouble, AReplicaThatTakesNoWritesIsWaitedForAsLongAsAVerbMayLast) {
    testing::redis_server master;
    tell_server({"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
    const auto stored = make({.server = redis::options_from(server.url()), .timeout = 300ms});
    error_of(stored->enqueue({make_job("a")}));
    EXPECT_EQ(code, errc::unavailable);
    tell_server({"REPLICAOF", "NO", "ONE"});
    EXPECT_TRUE(loop.until([&] { return error_of(stored->enqueue({make_job("b")})).empty(); }));
}

TEST_F(Trouble, AServerThatLoadsItsDataIsWaitedForByWhoAddsTakesAndEnds) {
    const auto stored = make({.server = redis::options_from(server.url()), .timeout = 25s});
    loop.await(stored->enqueue({make_job("a"), make_job("b")}));
    const auto first = loop.await(stored->claim({.queues = {"mail"}, .max = 1, .lease = 5min, .now = t0}));
    tell_server({"DEBUG", "POPULATE", "300", "key", "1000"});
    tell_server({"CONFIG", "SET", "key-load-delay", "20000", "loading-process-events-interval-bytes", "1024",
                 "rdbcompression", "no"});
    const redis::client loads{{loop.get_executor()}, redis::options_from(server.url())};
    const auto loaded = loop.start(loads.execute(redis::command{"DEBUG", "RELOAD"}, deadline::after(30s)));
    const auto is_loading = [&] {
        return loop.await(direct.execute<std::string>({"INFO", "persistence"})).find("\nloading:1") !=
               std::string::npos;
    };
    ASSERT_TRUE(loop.until(is_loading));
    const auto added = loop.start(stored->enqueue({make_job("c")}));
    const auto taken = loop.start(stored->claim({.queues = {"mail"}, .max = 1, .lease = 5min, .now = t0}));
    std::vector<outcome> end{{.held = first.jobs.at(0).held, .at = t0}};
    const auto ended = loop.start(stored->finish(std::move(end)));
    loop.settle();
    EXPECT_FALSE(added->ended || taken->ended || ended->ended);
    EXPECT_TRUE(is_loading());
    tell_server({"CONFIG", "SET", "key-load-delay", "0"});
    loop.until([&] { return added->ended && taken->ended && ended->ended && loaded->ended; });
    ASSERT_FALSE(added->failure) << describe(added->failure);
    ASSERT_FALSE(taken->failure) << describe(taken->failure);
    ASSERT_FALSE(ended->failure) << describe(ended->failure);
    EXPECT_EQ(loop.await(stored->counts({"mail"})),
              (std::vector<queue_counts>{{.queue = "mail", .waiting = 1, .active = 1, .completed = 1}}));
}

TEST_F(Trouble, ScriptsThatTheServerForgotAreSentAnew) {
    const auto stored = make({.server = redis::options_from(server.url())});
    loop.await(stored->enqueue({make_job("a")}));
    tell_server({"SCRIPT", "FLUSH"});
    loop.await(stored->enqueue({make_job("b")}));
    const auto taken = loop.await(stored->claim({.queues = {"mail"}, .max = 5, .now = t0}));
    EXPECT_EQ(ids_of(taken), (ids{"a", "b"}));
    tell_server({"SCRIPT", "FLUSH"});
    EXPECT_EQ(loop.await(stored->extend({taken.jobs[0].held}, 10s, t0)), std::vector<renewal>{renewal::held});
}

// They are locked by then, and would count as stalled if they were given up.
TEST_F(Trouble, ManyThatWereTakenAndCannotBeReadAreReadOnceTheyCan) {
    const auto stored = make({.server = redis::options_from(server.url())});
    loop.await(stored->enqueue(std::vector<new_job>(20, make_job(""))));
    tell_server({"ACL", "SETUSER", "default", "-hgetall"});
    const auto taken = loop.start(stored->claim({.queues = {"mail"}, .max = 20, .lease = 5min, .now = t0}));
    loop.until([&] { return !loop.await(direct.execute(redis::command{"ACL", "LOG"})).items().empty(); });
    EXPECT_EQ(loop.await(direct.execute<std::int64_t>({"LLEN", "bull:mail:active"})), 20);
    EXPECT_FALSE(taken->ended);
    tell_server({"ACL", "SETUSER", "default", "+hgetall"});
    loop.until([&] { return taken->ended; });
    ASSERT_FALSE(taken->failure) << describe(taken->failure);
    EXPECT_EQ(taken->value->jobs.size(), 20u);
}

TEST_F(Trouble, AQueueOfWhichBullMqCouldNotReadTheNameIsRefused) {
    const auto stored = make({.server = redis::options_from(server.url())});
    EXPECT_NE(error_of(stored->enqueue({make_job("a", {}, "mail:out")})).find("colon"), std::string::npos);
    EXPECT_EQ(code, infra::errc::invalid_input);
    EXPECT_EQ(loop.code_of(stored->claim({.queues = {""}, .now = t0})), infra::errc::invalid_input);
}

// Nobody listens there: whatever were sent would fail otherwise.
TEST_F(Trouble, InAClusterAQueueThatLiesInSeveralSlotsIsRefusedBeforeAnythingIsSent) {
    redis::options cluster{.cluster = redis::cluster_options{.seeds = {{"127.0.0.1", testing::free_port()}}}};
    const auto stored = make({.server = cluster, .timeout = 100ms});
    EXPECT_NE(error_of(stored->enqueue({make_job("a")})).find("\"{bull}\""), std::string::npos);
    EXPECT_EQ(code, infra::errc::invalid_input);
    const auto apart = error_of(stored->enqueue({make_job("a", {}, "{mail}"), make_job("b", {}, "{images}")}));
    EXPECT_NE(apart.find("another slot"), std::string::npos) << apart;
    EXPECT_EQ(code, infra::errc::invalid_input);
    error_of(stored->enqueue({make_job("a", {}, "{mail}"), make_job("b", {}, "{mail}-later")}));
    EXPECT_EQ(code, errc::unavailable) << "these lie in one";
}

} // namespace
} // namespace infra::queue::redis_backend::tests
